package functions_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/local/directory"
	"gen3d/local/endpoint"
	"gen3d/local/mailbox"
	"gen3d/local/objectstore"
	"gen3d/local/queue"
	"gen3d/tests/support/permissions"
	"gen3d/tests/support/runtimeapi"
	"gen3d/tests/support/s3test"
)

const (
	endpointName     = "Gen3DSAMAsyncEndpoint-test"
	userPoolID       = "us-east-1_gen3dtest"
	configurationSet = "Gen3DMail-test"
	sender           = "noreply@genesis3d.com"
	admin            = "info@2112-lab.com"
	website          = "https://gen3d.example.com"
	token            = "eyJraWQiOiJub3QtZm9yLWxvZ3MifQ.eyJzdWIiOiJub3QtZm9yLWxvZ3MifQ.bm90LWZvci1sb2dz"
)

// world is what the functions of one test can access of AWS: the tests' S3
// behind a proxy, and stand-ins for SageMaker, SES and Cognito.
type world struct {
	*testing.T
	user, address string // used by no other test
	mail          *mailbox.Mailbox
	s3, aws       *gate
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, user: s3test.User(t)}
	w.address = w.user + "@example.com"
	folder := t.TempDir()
	db, err := queue.Open(filepath.Join(folder, "queue.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if w.mail, err = mailbox.New(mailbox.Config{Database: db, Identities: []string{sender}}); err != nil {
		t.Fatal(err)
	}
	people, err := directory.New(directory.Config{
		Issuer: "http://127.0.0.1/oidc", PoolID: userPoolID, Folder: folder,
		Clients: []directory.Client{{ID: "gen3d-test-page"}},
		Users:   []directory.User{{Name: w.user, Email: w.address}},
	})
	if err != nil {
		t.Fatal(err)
	}
	// Requests are only queued here; no workers run, and no instance starts.
	sagemaker, err := endpoint.New(endpoint.Config{
		Name: endpointName, Account: "000000000000", Region: objectstore.Region, ModelURL: "http://127.0.0.1:1", Start: time.Hour,
		OutputPath: "s3://" + objectstore.ModelBucket + "/async/output", FailurePath: "s3://" + objectstore.ModelBucket + "/async/failure",
	}, endpoint.Dependencies{DB: db, S3: s3test.Client(nil), NewID: runtimeapi.NewRequestID})
	if err != nil {
		t.Fatal(err)
	}
	services := http.NewServeMux()
	services.Handle("/endpoints/", sagemaker.Handler())
	services.Handle("/v2/email/", w.mail.API())
	services.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("X-Amz-Target"), endpoint.TargetPrefix) {
			sagemaker.Control().ServeHTTP(rw, r)
			return
		}
		people.ServeHTTP(rw, r)
	})
	w.aws = &gate{services: services}
	store, err := url.Parse(*s3test.Config().BaseEndpoint)
	if err != nil {
		t.Fatal(err)
	}
	w.s3 = &gate{services: permissions.Forward(store)}
	return w
}

// gate is a proxy in front of services: it records requests, and a test can
// answer them instead.
type gate struct {
	services http.Handler
	mu       sync.Mutex
	instead  http.HandlerFunc // nil forwards every request
	requests []*http.Request
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	instead := g.instead
	g.mu.Unlock()
	if instead != nil {
		answer := &answered{ResponseWriter: w}
		if instead(answer, r); answer.is {
			return
		}
	}
	g.mu.Lock()
	g.requests = append(g.requests, r)
	g.mu.Unlock()
	g.services.ServeHTTP(w, r)
}

// answer makes the gate call f for each request; a request that f does not
// answer is forwarded.
func (g *gate) answer(f http.HandlerFunc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.instead = f
}

// answered records whether a response was written.
type answered struct {
	http.ResponseWriter
	is bool
}

func (a *answered) WriteHeader(status int) {
	a.is = true
	a.ResponseWriter.WriteHeader(status)
}

// fault answers a request with an error as AWS's JSON protocols do.
func fault(w http.ResponseWriter, status int, name, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", name)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": name, "message": message})
}

// asked returns the inference IDs of the requests that the endpoint accepted,
// in order.
func (w *world) asked() []string {
	w.aws.mu.Lock()
	defer w.aws.mu.Unlock()
	var ids []string
	for _, r := range w.aws.requests {
		if strings.HasSuffix(r.URL.Path, "/async-invocations") {
			ids = append(ids, r.Header.Get("X-Amzn-Sagemaker-Inference-Id"))
		}
	}
	return ids
}

// mail is a mail as in /mailbox.json.
type mail struct {
	To      []string `json:"to"`
	From    string   `json:"from"`
	Subject string   `json:"subject"`
	Text    string   `json:"text"`
}

func (w *world) mails() []mail {
	w.Helper()
	answer := httptest.NewRecorder()
	w.mail.Pages().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/mailbox.json", nil))
	var mails []mail
	if err := json.Unmarshal(answer.Body.Bytes(), &mails); err != nil {
		w.Fatalf("reading the mailbox: %v", err)
	}
	return mails
}

// documents returns the data bucket, accessed without the functions.
func documents() *bucket.Bucket { return bucket.New(s3test.Client(nil), s3test.Bucket) }

// copyIn copies a photo into the bucket as a tester does.
func (w *world) copyIn(key string, data []byte, metadata map[string]string) {
	w.Helper()
	_, err := s3test.Client(nil).PutObject(w.Context(), &s3.PutObjectInput{
		Bucket: aws.String(s3test.Bucket), Key: &key, Body: bytes.NewReader(data), Metadata: metadata,
	})
	if err != nil {
		w.Fatal(err)
	}
}

// job returns the user's only job.
func (w *world) job() job.Ref {
	w.Helper()
	ids, _, err := documents().Jobs(w.Context(), w.user, "", 2)
	if err != nil || len(ids) != 1 {
		w.Fatalf("the user has %d jobs (%v); want one", len(ids), err)
	}
	return job.Ref{User: w.user, Job: ids[0]}
}

func (w *world) pending(ref job.Ref) bool {
	w.Helper()
	_, err := documents().MarkedPhoto(w.Context(), ref)
	if err != nil && !errors.Is(err, bucket.ErrNotFound) {
		w.Fatal(err)
	}
	return err == nil
}

// ref returns a new job of the user.
func (w *world) ref() job.Ref {
	w.Helper()
	id, err := job.NewID(time.Now(), rand.Reader)
	if err != nil {
		w.Fatal(err)
	}
	return job.Ref{User: w.user, Job: id}
}

// announce writes the documents that the API writes before a photo is uploaded.
func (w *world) announce(ref job.Ref) *job.Upload {
	w.Helper()
	upload := &job.Upload{
		Version: job.Version, JobID: ref.Job, UserID: ref.User, CreatedAt: ref.Job.Created(), ExpiresAt: ref.Job.Created().Add(time.Hour),
		Key: ref.PhotoKey("cup", ".jpg"), Name: "cup.jpg", ContentType: "image/jpeg", Bytes: 1, Objects: []job.Selection{{}},
		Options: job.Options{Formats: job.AllFormats},
	}
	if err := documents().MarkPending(w.Context(), ref); err != nil {
		w.Fatal(err)
	}
	if err := documents().CreateUpload(w.Context(), upload); err != nil {
		w.Fatal(err)
	}
	return upload
}

// wantNothingOf fails if the bucket contains anything of a job.
func (w *world) wantNothingOf(ref job.Ref) {
	w.Helper()
	for _, prefix := range []string{ref.InputPrefix(), ref.OutputPrefix(), ref.PendingKey()} {
		if keys := s3test.Keys(w.T, prefix); len(keys) > 0 {
			w.Errorf("%v are left of a deleted job", keys)
		}
	}
}
