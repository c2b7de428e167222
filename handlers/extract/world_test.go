package extract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"

	"gen3d/handlers/extract"
	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
	"gen3d/tests/support/s3test"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

const endpointName = "Gen3DSAMAsyncEndpoint-test"

// request is a request to the endpoint as the SDK sends it.
type request struct {
	Endpoint, Input, ContentType, Attributes, ID, TTL, Timeout string
}

// endpoint replaces SageMaker's runtime.
type endpoint struct {
	*httptest.Server
	mu       sync.Mutex
	requests []request
	refuse   int    // status of the next answers, 0 to accept
	code     string // of a refusal
}

func newEndpoint(t *testing.T) *endpoint {
	e := &endpoint{}
	e.Server = httptest.NewServer(e)
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refuse != 0 {
		w.Header().Set("X-Amzn-Errortype", e.code)
		w.WriteHeader(e.refuse)
		_, _ = fmt.Fprintf(w, `{"Message":"refused for the test"}`)
		return
	}
	name, _ := strings.CutPrefix(r.URL.Path, "/endpoints/")
	name, ok := strings.CutSuffix(name, "/async-invocations")
	if !ok || r.Method != http.MethodPost {
		http.Error(w, "no such call", http.StatusNotFound)
		return
	}
	const prefix = "X-Amzn-Sagemaker-"
	e.requests = append(e.requests, request{
		Endpoint: name, Input: r.Header.Get(prefix + "Inputlocation"), ContentType: r.Header.Get(prefix + "Content-Type"),
		Attributes: r.Header.Get(prefix + "Custom-Attributes"), ID: r.Header.Get(prefix + "Inference-Id"),
		TTL: r.Header.Get(prefix + "Requestttlseconds"), Timeout: r.Header.Get(prefix + "Invocationtimeoutseconds"),
	})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = fmt.Fprintf(w, `{"InferenceId":%q}`, r.Header.Get(prefix+"Inference-Id"))
}

func (e *endpoint) answer(status int, code string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.refuse, e.code = status, code
}

// asked returns the inference IDs so far, in order.
func (e *endpoint) asked() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var ids []string
	for _, r := range e.requests {
		ids = append(ids, r.ID)
	}
	return ids
}

// world is a function with a store and an endpoint.
type world struct {
	*testing.T
	user         string
	endpoint     *endpoint
	config       extract.Config
	metrics      bytes.Buffer
	stallTimeout time.Duration
	api          bucket.API        // of S3; nil means the store through transport
	wire         http.RoundTripper // of both clients; nil means the default
	wakes        int               // of the first instance
	retries      int               // attempts of the SDK; 0 means the default
}

func newWorld(t *testing.T) *world {
	return &world{
		T: t, user: s3test.User(t), endpoint: newEndpoint(t), stallTimeout: time.Nanosecond,
		config: extract.Config{
			Bucket: s3test.Bucket, Endpoint: endpointName, RequestTTLSeconds: 600, InvocationTimeoutSeconds: 120,
			Limits: job.DefaultLimits(), Wake: "submit",
		},
	}
}

// Wake counts the wakes of the first instance.
func (w *world) Wake(context.Context) bool {
	w.endpoint.mu.Lock()
	defer w.endpoint.mu.Unlock()
	w.wakes++
	return w.wakes == 1
}

func (w *world) handler() *extract.Handler {
	w.Helper()
	if err := w.config.Validate(); err != nil {
		w.Fatal(err)
	}
	cfg := s3test.Config()
	cfg.BaseEndpoint = aws.String(w.endpoint.URL)
	if w.wire != nil {
		cfg.HTTPClient = &http.Client{Transport: w.wire}
	}
	if w.retries > 0 {
		cfg.RetryMaxAttempts = w.retries
	}
	if w.api == nil {
		client := s3test.Client(w.wire)
		w.api = s3.New(client.Options(), func(o *s3.Options) { o.RetryMaxAttempts = w.retries })
	}
	return extract.New(w.config, extract.Services{
		Bucket: bucket.New(w.api, s3test.Bucket), Endpoint: sagemakerruntime.NewFromConfig(cfg), Instances: w,
		Now: time.Now, Log: slog.New(slog.DiscardHandler), StallTimeout: w.stallTimeout,
		Metrics: telemetry.NewMetrics(&w.metrics, time.Now, map[string]string{"Stack": "test"}),
	})
}

// copyIn copies a photo into the bucket as a tester does and returns the
// bucket's event.
func (w *world) copyIn(name string, data []byte, metadata map[string]string) events.S3Event {
	w.Helper()
	return w.put("users/"+w.user+"/input/"+name, "", data, metadata)
}

// announce writes the documents that the API writes before a photo is uploaded.
func (w *world) announce(name string) job.Ref {
	w.Helper()
	ref := job.Ref{User: w.user, Job: "7zzzzzzzzz0123456789abcdef"}
	err := bucket.New(s3test.Client(nil), s3test.Bucket).CreateUpload(w.Context(), &job.Upload{
		Version: job.Version, JobID: ref.Job, UserID: ref.User, Name: name,
	})
	if err != nil {
		w.Fatal(err)
	}
	return ref
}

func (w *world) put(key, contentType string, data []byte, metadata map[string]string) events.S3Event {
	w.Helper()
	event := s3test.Put(w, key, contentType, metadata, data)
	if event == nil {
		w.Fatalf("the bucket sent no event for %s", key)
	}
	return *event
}

func (w *world) handle(event events.S3Event) {
	w.Helper()
	if err := w.handler().Handle(w.Context(), event); err != nil {
		w.Fatalf("handling the event: %v", err)
	}
}

// job returns the user's only job.
func (w *world) job() job.Ref {
	w.Helper()
	jobs := w.jobs()
	if len(jobs) != 1 {
		w.Fatalf("the user has %d jobs; want one", len(jobs))
	}
	return jobs[0]
}

func (w *world) jobs() (refs []job.Ref) {
	w.Helper()
	for _, key := range s3test.Keys(w, job.OutputPrefix(w.user)) {
		if k, err := job.ParseOutputKey(key); err == nil && k.Kind == job.KindManifest {
			refs = append(refs, k.Ref)
		}
	}
	return refs
}

func (w *world) manifest() job.Manifest {
	w.Helper()
	return s3test.Document[job.Manifest](w, w.job().ManifestKey())
}

func (w *world) has(key string) bool {
	w.Helper()
	_, ok := s3test.Get(w, key)
	return ok
}

// wantAsked fails unless there was one request for each object of the job.
func (w *world) wantAsked(objects int) {
	w.Helper()
	var want []string
	for n := range objects {
		want = append(want, w.job().InferenceID(n+1))
	}
	if got := w.endpoint.asked(); !slices.Equal(got, want) {
		w.Errorf("the endpoint was asked for %v; want %v", got, want)
	}
}

// emitted returns the sum of a metric that the function wrote.
func (w *world) emitted(name string) (sum float64) {
	w.Helper()
	for line := range strings.Lines(w.metrics.String()) {
		var values map[string]any
		if err := json.Unmarshal([]byte(line), &values); err != nil {
			w.Fatal(err)
		}
		value, _ := values[name].(float64)
		sum += value
	}
	return sum
}

// documents returns the data bucket, accessed without the function.
func documents() *bucket.Bucket { return bucket.New(s3test.Client(nil), s3test.Bucket) }

func picture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(s3test.Path("testdata/photos/" + name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// transport implements http.RoundTripper by a function.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// drain sends a request and reads the response to its end, so that the service
// has completed it.
func drain(r *http.Request) (*http.Response, error) {
	response, err := s3test.Transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, err
}
