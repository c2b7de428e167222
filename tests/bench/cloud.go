package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.etcd.io/bbolt"

	"gen3d/internal/bucket"
	"gen3d/local/directory"
	"gen3d/local/endpoint"
	"gen3d/local/mailbox"
	"gen3d/local/objectstore"
	"gen3d/local/queue"
)

// cloud is the AWS of the parts that run functions without gen3d local: S3 with
// its events, and stand-ins for SES and Cognito. Each part sets its own
// stand-in for SageMaker.
type cloud struct {
	store     *objectstore.Store
	db        *queue.DB
	mail      *mailbox.Mailbox
	services  *http.ServeMux // SES and Cognito, and what a part adds
	server    *httptest.Server
	s3URL     string
	mu        sync.Mutex
	sagemaker http.Handler
	sent      []notification
}

// notification is an event that the bucket sent to a function.
type notification struct {
	function string
	event    []byte
}

// needCloud starts the cloud, once.
func (b *bench) needCloud(ctx context.Context) (*cloud, error) {
	if b.cloud != nil {
		return b.cloud, nil
	}
	c := &cloud{services: http.NewServeMux()}
	var err error
	if c.db, err = queue.Open(filepath.Join(b.folder, "cloud", "queue.db")); err != nil {
		return nil, err
	}
	b.cloud = c
	if c.mail, err = mailbox.New(mailbox.Config{Database: c.db, Identities: []string{sender}}); err != nil {
		return nil, err
	}
	people, err := directory.New(directory.Config{
		Issuer: "http://127.0.0.1/oidc", PoolID: userPoolID, Folder: filepath.Join(b.folder, "cloud"),
		Clients: []directory.Client{{ID: "bench"}},
	})
	if err != nil {
		return nil, err
	}
	c.services.Handle("/v2/email/", c.mail.API())
	control, err := controlPlane(c.db)
	if err != nil {
		return nil, err
	}
	c.services.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("X-Amz-Target"), endpoint.TargetPrefix) {
			control.ServeHTTP(w, r)
			return
		}
		people.ServeHTTP(w, r)
	})
	c.services.HandleFunc("/endpoints/", func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		sagemaker := c.sagemaker
		c.mu.Unlock()
		sagemaker.ServeHTTP(w, r)
	})
	c.server = httptest.NewServer(c.services)
	c.store, err = objectstore.Start(ctx, objectstore.Config{
		Dir: filepath.Join(b.folder, "cloud", "s3"), Addr: "127.0.0.1:0", DB: c.db, Log: slog.New(slog.DiscardHandler),
		Rules: objectstore.DataRules(objectstore.DataBucket),
		Deliver: func(_ *bbolt.Tx, function string, event []byte) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.sent = append(c.sent, notification{function, event})
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	c.s3URL = "http://" + c.store.Addr()
	return c, nil
}

// controlPlane returns SageMaker's, with an endpoint that always has an instance.
func controlPlane(db *queue.DB) (http.Handler, error) {
	e, err := endpoint.New(endpoint.Config{
		Name: endpointName, Account: "000000000000", Region: objectstore.Region, ModelURL: "http://127.0.0.1:1",
		OutputPath: "s3://" + objectstore.ModelBucket + "/output", FailurePath: "s3://" + objectstore.ModelBucket + "/failure",
	}, endpoint.Dependencies{DB: db})
	if err != nil {
		return nil, err
	}
	return e.Control(), nil
}

func (c *cloud) close() (err error) {
	if c.store != nil {
		err = c.store.Close()
	}
	if c.server != nil {
		c.server.Close()
	}
	return errors.Join(err, c.db.Close())
}

// asynchronous sets the stand-in for SageMaker.
func (c *cloud) asynchronous(endpoint http.Handler) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sagemaker = endpoint
}

// take returns the events that the bucket has sent since the last call.
func (c *cloud) take() []notification {
	c.mu.Lock()
	defer c.mu.Unlock()
	sent := c.sent
	c.sent = nil
	return sent
}

// s3Client returns a client of the S3 at an address.
func s3Client(address string) *s3.Client {
	return s3.New(s3.Options{
		Region: objectstore.Region, BaseEndpoint: &address, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(objectstore.AccessKey, objectstore.SecretKey, ""),
		DisableLogOutputChecksumValidationSkipped: true,
		HTTPClient: manyConnections(),
	})
}

// manyConnections returns a client that keeps a connection open for each of the
// bench's workers.
func manyConnections() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = workers
	return &http.Client{Transport: transport}
}

// workers is the number of concurrent requests in the parts that work in
// parallel.
const workers = 16

func documents(client *s3.Client) *bucket.Bucket { return bucket.New(client, objectstore.DataBucket) }

// meter counts the requests of an AWS client by operation.
type meter struct {
	s3, services *httptest.Server
	mu           sync.Mutex
	calls        map[string]int
}

// newMeter starts proxies to the cloud's services that count the requests.
func (c *cloud) newMeter() (*meter, error) {
	store, err := url.Parse(c.s3URL)
	if err != nil {
		return nil, err
	}
	m := &meter{calls: map[string]int{}}
	transport := manyConnections().Transport
	m.s3 = httptest.NewServer(m.counting(&httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(store)
			r.Out.Host = r.In.Host // part of the signature
		},
	}))
	m.services = httptest.NewServer(m.counting(c.services))
	return m, nil
}

func (m *meter) close() {
	m.s3.Close()
	m.services.Close()
}

func (m *meter) counting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		m.calls[operation(r)]++
		m.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// read returns the counts and resets them.
func (m *meter) read() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls := m.calls
	m.calls = map[string]int{}
	return calls
}

// unmetered runs f without counting its requests.
func (m *meter) unmetered(f func() error) error {
	before := m.read()
	err := f()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = before
	return err
}

// operation returns the name of a request's operation in AWS's API references.
func operation(r *http.Request) string {
	if _, target, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return target
	}
	query := r.URL.Query()
	key := strings.Count(r.URL.Path, "/") > 1 // path style: /bucket/key
	switch {
	case strings.HasPrefix(r.URL.Path, "/endpoints/"):
		return "InvokeEndpointAsync"
	case strings.HasPrefix(r.URL.Path, "/v2/email/"):
		return "SendEmail"
	case r.Method == http.MethodHead && key:
		return "HeadObject"
	case r.Method == http.MethodGet && query.Get("list-type") == "2":
		return "ListObjectsV2"
	case r.Method == http.MethodGet && key:
		return "GetObject"
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		return "CopyObject"
	case r.Method == http.MethodPut && key:
		return "PutObject"
	case r.Method == http.MethodPost && query.Has("delete"):
		return "DeleteObjects"
	case r.Method == http.MethodDelete && key:
		return "DeleteObject"
	}
	return r.Method + " " + aws.ToString(&r.URL.Path)
}
