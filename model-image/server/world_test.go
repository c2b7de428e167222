package server_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/photo"
	"gen3d/internal/telemetry"
	"gen3d/model-image/server"
	"gen3d/tests/support/s3test"
	"gen3d/tests/support/transcript"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

// timeout bounds every wait, generously for a machine under load.
const timeout = 2 * time.Minute

// backend is a backend whose functions the test sets.
type backend struct {
	setup       func(context.Context) error
	reconstruct func(context.Context, server.Input) (*server.Output, error)

	calls         atomic.Int32
	inside, worst atomic.Int32 // objects in Reconstruct, current and maximum
}

func (*backend) Name() job.Backend { return job.BackendRelief }

func (b *backend) Setup(ctx context.Context) error {
	if b.setup == nil {
		return nil
	}
	return b.setup(ctx)
}

func (b *backend) Reconstruct(ctx context.Context, in server.Input) (*server.Output, error) {
	b.calls.Add(1)
	n := b.inside.Add(1)
	defer b.inside.Add(-1)
	for w := b.worst.Load(); n > w && !b.worst.CompareAndSwap(w, n); w = b.worst.Load() {
	}
	if b.reconstruct == nil {
		return instant(in), nil
	}
	return b.reconstruct(ctx, in)
}

// instant returns the output of an object without computing anything.
func instant(in server.Input) *server.Output {
	out := &server.Output{
		Files: map[job.Format][]byte{job.FormatPreview: []byte("preview"), job.FormatMask: []byte("mask")},
		Mesh:  job.MeshStats{Vertices: 3, Faces: 1, Bounds: [2][3]float64{{0, 0, 0}, {1, 0.1, 0.3}}},
		Pose:  &job.Pose{Rotation: [4]float64{1, 0, 0, 0}, Scale: [3]float64{1, 1, 1}},
	}
	for _, f := range in.Formats {
		out.Files[f] = []byte(string(f) + " of object " + strconv.Itoa(in.Object.Index))
	}
	return out
}

// world is a model server with its backend, and a user who has jobs.
type world struct {
	t       testing.TB
	user    string
	bucket  *bucket.Bucket // without the transport's errors
	server  *server.Server
	url     string
	backend *backend
	logs    *transcript.Log
	metrics *transcript.Log
}

type setting struct {
	config    server.Config
	transport http.RoundTripper
	backends  map[job.Backend]server.Backend
	notReady  bool
	now       func() time.Time
}

func config() server.Config {
	return server.Config{
		Backend: job.BackendRelief, Bucket: s3test.Bucket, Stack: "test", Address: "127.0.0.1:0",
		MaxConcurrency: 8, PhotoMemoryBytes: 6e9, PhotoTimeout: 10 * time.Minute, InvocationTimeout: 10 * time.Minute, DrainTimeout: 10 * time.Second,
		PhotoCacheBytes: 256 << 20, Limits: job.DefaultLimits(),
	}
}

// client returns an S3 client for the object store that does not retry.
func client(transport http.RoundTripper) *s3.Client {
	return s3.NewFromConfig(s3test.Config(), func(o *s3.Options) {
		o.UsePathStyle = true
		o.RetryMaxAttempts = 1
		o.DisableLogOutputChecksumValidationSkipped = true
		if transport != nil {
			o.HTTPClient = &http.Client{Transport: transport}
		}
	})
}

func newWorld(t testing.TB, change ...func(*setting)) *world {
	t.Helper()
	w := &world{
		t: t, user: s3test.User(t), bucket: bucket.New(client(nil), s3test.Bucket),
		backend: &backend{}, logs: &transcript.Log{}, metrics: &transcript.Log{},
	}
	set := setting{now: time.Now, config: config(), backends: map[job.Backend]server.Backend{job.BackendRelief: w.backend}}
	for _, c := range change {
		c(&set)
	}
	var err error
	w.server, err = server.New(set.config, server.Dependencies{
		S3: client(set.transport), Backends: set.backends, Now: set.now,
		Log:     telemetry.NewLogger(w.logs, slog.LevelInfo),
		Metrics: telemetry.NewMetrics(w.metrics, time.Now, map[string]string{"Stack": "test"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.server.SetAnswerGrace(time.Minute) // a machine under load answers late
	if !set.notReady {
		if err := w.server.SetUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	web := httptest.NewServer(w.server.Handler())
	t.Cleanup(web.Close)
	w.url = web.URL
	return w
}

// job uploads a photo of testdata/photos for the user and creates its manifest
// as Extract does.
func (w *world) job(file string, boxes ...*job.Box) *job.Manifest {
	w.t.Helper()
	data, err := os.ReadFile(s3test.Path("testdata/photos/" + file))
	if err != nil {
		w.t.Fatal(err)
	}
	return w.jobOf(file, data, boxes...)
}

func (w *world) jobOf(name string, data []byte, boxes ...*job.Box) *job.Manifest {
	w.t.Helper()
	id, err := job.NewID(time.Now(), rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	ref := job.Ref{User: w.user, Job: id}
	key := ref.InputPrefix() + name
	s3test.Put(w.t, key, "", nil, data)
	stored, err := w.bucket.Photo(w.t.Context(), key, "")
	if err != nil {
		w.t.Fatal(err)
	}
	source := job.Source{
		Bucket: s3test.Bucket, Key: key, VersionID: stored.VersionID, ETag: stored.ETag,
		Bytes: int64(len(data)), Name: name, ContentType: photo.JPEG, Orientation: 1,
	}
	if info, err := photo.Probe(bytes.NewReader(data), int64(len(data))); err == nil {
		source.Width, source.Height = info.Width, info.Height
		source.Orientation, source.ContentType = info.Orientation, info.ContentType
	}
	selections := make([]job.Selection, len(boxes))
	for i, b := range boxes {
		selections[i].Box = b
	}
	m := job.NewManifest(ref, time.Now(), source, selections, job.Options{Formats: job.AllFormats})
	if _, err := w.bucket.CreateManifest(w.t.Context(), &m); err != nil {
		w.t.Fatal(err)
	}
	return &m
}

// reply is a response of the server.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) result(t testing.TB) job.Result {
	t.Helper()
	var result job.Result
	if err := json.Unmarshal(r.body, &result); err != nil || r.status != http.StatusOK {
		t.Errorf("the answer is no result: %d %s", r.status, r.body) // not Fatalf: tests also read results in other goroutines
	}
	return result
}

// code returns the code of a problem.
func (r reply) code(t testing.TB) string {
	t.Helper()
	var p struct {
		Type, Title, Detail, Code string
		Status                    int
	}
	if err := json.Unmarshal(r.body, &p); err != nil {
		t.Fatalf("the answer is no problem: %d %s", r.status, r.body)
	}
	if r.header.Get("Content-Type") != "application/problem+json" || p.Status != r.status || p.Detail == "" || p.Title == "" || p.Type == "" {
		t.Errorf("the problem is incomplete: %s", r.body)
	}
	return p.Code
}

// invoke requests object n of a manifest.
func (w *world) invoke(m *job.Manifest, n int) reply {
	w.t.Helper()
	body, err := json.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.post(w.t.Context(), body, map[string]string{"X-Amzn-SageMaker-Custom-Attributes": job.CustomAttributes(n)})
}

func (w *world) post(ctx context.Context, body []byte, headers map[string]string) reply {
	w.t.Helper()
	r, err := w.tryPost(ctx, body, headers)
	if err != nil {
		w.t.Error(err) // not Fatal: tests also invoke from other goroutines
	}
	return r
}

func (w *world) tryPost(ctx context.Context, body []byte, headers map[string]string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/invocations", bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	return send(req)
}

func (w *world) get(path string) reply {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.url+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := send(req)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func send(req *http.Request) (reply, error) {
	resp, err := s3test.Transport.RoundTrip(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, body}, err
}

// stored returns the result document in the bucket, or nil.
func (w *world) stored(m *job.Manifest, n int) []byte {
	w.t.Helper()
	data, ok := s3test.Get(w.t, m.Ref().ResultKey(n))
	if !ok {
		return nil
	}
	return data
}

// progress returns the progress document in the bucket, or "".
func (w *world) progress(m *job.Manifest, n int) string {
	w.t.Helper()
	data, _ := s3test.Get(w.t, m.Ref().ProgressKey(n))
	return string(data)
}

func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	w.t.Fatalf("timed out waiting for %s\n%s", what, w.logs)
}

// transport is called before each S3 request of the server, to observe, delay
// or fail it.
type transport func(*http.Request) error

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := f(r); err != nil {
		return nil, err
	}
	return s3test.Transport.RoundTrip(r)
}

func isPhoto(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/input/")
}
