package endpoint_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/google/uuid"

	"gen3d/local/endpoint"
	"gen3d/local/objectstore"
	"gen3d/local/queue"
	"gen3d/tests/support/s3test"
)

const (
	name         = "Gen3DSAMAsyncEndpoint-local"
	successTopic = "arn:aws:sns:us-east-1:000000000000:Gen3DModelSuccess-local"
	errorTopic   = "arn:aws:sns:us-east-1:000000000000:Gen3DModelError-local"
	timeout      = 2 * time.Minute
)

// store is the S3 client of all tests.
var store *s3.Client

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

// world is an endpoint with its queue, its topic's subscriber and a client.
type world struct {
	t        *testing.T
	path     string
	config   endpoint.Config
	deps     endpoint.Dependencies
	endpoint *endpoint.Endpoint
	client   *sagemakerruntime.Client
	clock    *clock
	messages chan published
	stop     func()
}

type published struct {
	topic string
	event []byte
}

// newWorld returns an endpoint for the container at modelURL; it runs after
// start.
func newWorld(t *testing.T, modelURL string, change ...func(*world)) *world {
	t.Helper()
	store = s3test.Client(nil)
	w := &world{t: t, path: filepath.Join(t.TempDir(), "queue.db"), clock: &clock{}, messages: make(chan published, 1000)}
	w.config = endpoint.Config{
		Name: name, Account: "000000000000", Region: "us-east-1", ModelURL: modelURL,
		OutputPath: "s3://gen3d-local-model/async/output", FailurePath: "s3://gen3d-local-model/async/failure",
		SuccessTopic: successTopic, ErrorTopic: errorTopic, PingInterval: 5 * time.Millisecond,
	}
	w.deps = endpoint.Dependencies{
		S3: store, Now: w.clock.now, NewID: uuid.NewString, Log: slog.New(slog.DiscardHandler),
		Publish: func(_ context.Context, topic string, event []byte) error {
			w.messages <- published{topic, event}
			return nil
		},
	}
	for _, c := range change {
		c(w)
	}
	w.open()
	t.Cleanup(func() { w.close() })
	return w
}

// open creates the endpoint with the queue on disk, as at the start of a
// process.
func (w *world) open() {
	w.t.Helper()
	db, err := queue.Open(w.path)
	if err != nil {
		w.t.Fatal(err)
	}
	w.deps.DB = db
	if w.endpoint, err = endpoint.New(w.config, w.deps); err != nil {
		w.t.Fatal(err)
	}
	server := httptest.NewServer(w.endpoint.Handler())
	w.client = sagemakerruntime.New(sagemakerruntime.Options{
		BaseEndpoint: aws.String(server.URL), Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
	w.stop = func() {
		server.Close()
		if err := db.Close(); err != nil {
			w.t.Error(err)
		}
	}
}

// start runs the workers until close.
func (w *world) start() *world {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.endpoint.Run(ctx) }()
	closeDB := w.stop
	w.stop = func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
		closeDB()
	}
	return w
}

func (w *world) close() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

// input stores a request's input and returns its URI.
func (w *world) input(body string) string {
	w.t.Helper()
	key := "users/testuser001/output/" + uuid.NewString() + "/job.json"
	_, err := store.PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: aws.String(objectstore.DataBucket), Key: &key, Body: strings.NewReader(body)})
	if err != nil {
		w.t.Fatal(err)
	}
	return "s3://" + objectstore.DataBucket + "/" + key
}

// invoke queues a request as Extract does.
func (w *world) invoke(inferenceID, location string, change ...func(*sagemakerruntime.InvokeEndpointAsyncInput)) *sagemakerruntime.InvokeEndpointAsyncOutput {
	w.t.Helper()
	out, err := w.tryInvoke(inferenceID, location, change...)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) tryInvoke(inferenceID, location string, change ...func(*sagemakerruntime.InvokeEndpointAsyncInput)) (*sagemakerruntime.InvokeEndpointAsyncOutput, error) {
	in := &sagemakerruntime.InvokeEndpointAsyncInput{
		EndpointName: aws.String(name), InputLocation: &location, ContentType: aws.String("application/json"),
		CustomAttributes: aws.String("object=1"), InferenceId: &inferenceID,
		RequestTTLSeconds: aws.Int32(3600), InvocationTimeoutSeconds: aws.Int32(60),
	}
	for _, c := range change {
		c(in)
	}
	return w.client.InvokeEndpointAsync(w.t.Context(), in)
}

// outcome is SageMaker's message, as Notify reads it.
type outcome struct {
	InvocationStatus  string `json:"invocationStatus"`
	FailureReason     string `json:"failureReason"`
	InferenceID       string `json:"inferenceId"`
	RequestParameters struct {
		EndpointName  string `json:"endpointName"`
		InputLocation string `json:"inputLocation"`
		ContentType   string `json:"contentType"`
	} `json:"requestParameters"`
	ResponseParameters *struct {
		ContentType    string `json:"contentType"`
		OutputLocation string `json:"outputLocation"`
	} `json:"responseParameters"`
}

// next waits for the next message and decodes it with Lambda's event type.
func (w *world) next() (topic string, record events.SNSEventRecord, o outcome) {
	w.t.Helper()
	select {
	case m := <-w.messages:
		var event events.SNSEvent
		if err := json.Unmarshal(m.event, &event); err != nil {
			w.t.Fatal(err)
		}
		if len(event.Records) != 1 {
			w.t.Fatalf("the event has %d records", len(event.Records))
		}
		if err := json.Unmarshal([]byte(event.Records[0].SNS.Message), &o); err != nil {
			w.t.Fatal(err)
		}
		return m.topic, event.Records[0], o
	case <-time.After(timeout):
		w.t.Fatal("no message came")
	}
	panic("unreachable")
}

// failure waits for the next message and checks that it reports the failure.
func (w *world) failure(inferenceID, reason string) {
	w.t.Helper()
	topic, _, o := w.next()
	if topic != errorTopic || o.InvocationStatus != "Failed" || o.InferenceID != inferenceID {
		w.t.Errorf("the message to %s says %s of %s", topic, o.InvocationStatus, o.InferenceID)
	}
	if !strings.Contains(o.FailureReason, reason) {
		w.t.Errorf("the reason is %q; it should say %q", o.FailureReason, reason)
	}
}

func (w *world) object(uri string) (body, contentType string) {
	w.t.Helper()
	bucket, key, _ := strings.Cut(strings.TrimPrefix(uri, "s3://"), "/")
	out, err := store.GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = out.Body.Close() }()
	data, err := io.ReadAll(out.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data), aws.ToString(out.ContentType)
}

func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	w.t.Fatalf("%s: timed out", what)
}

// model starts a container with the handlers ping and invoke.
func model(t *testing.T, ping, invoke http.HandlerFunc) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", ping)
	mux.HandleFunc("POST /invocations", invoke)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func ready(http.ResponseWriter, *http.Request) {}

// echo responds with the request.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"contentType":%q,"attributes":%q,"inferenceId":%q,"body":%s}`,
		r.Header.Get("Content-Type"), r.Header.Get("X-Amzn-SageMaker-Custom-Attributes"), r.Header.Get("X-Amzn-SageMaker-Inference-Id"), body)
}

// clock is the real time plus an offset that tests set.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}
