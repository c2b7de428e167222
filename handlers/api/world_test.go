package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"gen3d/handlers/api"
	"gen3d/handlers/api/route"
	"gen3d/internal/bucket"
	"gen3d/internal/instances"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
	"gen3d/local/authorizer"
	"gen3d/local/functions"
	"gen3d/local/gateway"
	"gen3d/tests/support/s3test"
	"gen3d/tests/support/transcript"
)

// TestMain starts an S3 for the tests, but not for a fuzz run (-run=Fuzz
// -fuzz=…): its processes need none, and the store changes the working
// directory, which contains the corpus.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() != "" {
		os.Exit(m.Run())
	}
	os.Exit(s3test.Main(m))
}

// world is the API behind a gateway, over HTTP, with a user that no other test
// uses.
type world struct {
	t      *testing.T
	user   string
	url    string
	bucket *bucket.Bucket
	output *transcript.Log
	doc    *openapi3.T
	config api.Config
	endpoint
}

// endpoint counts the wakes, and has the status that a test sets.
type endpoint struct {
	wakes  atomic.Int64
	status instances.Status
	woken  instances.Status // after the first wake
	fault  error            // of reading the status
}

func (e *endpoint) Wake(context.Context) bool { return e.wakes.Add(1) == 1 }

func (e *endpoint) Status(context.Context) (instances.Status, error) {
	if e.wakes.Load() > 0 {
		return e.woken, e.fault
	}
	return e.status, e.fault
}

func config() api.Config {
	return api.Config{
		Bucket: s3test.Bucket, Limits: job.DefaultLimits(), UploadSeconds: 900, DownloadSeconds: 3600, Stack: "test",
		Endpoint: "Gen3DSAMAsyncEndpoint-test", Wake: "submit",
	}
}

func newWorld(t *testing.T) *world { return newWorldWith(t, config(), s3test.Client(nil), time.Now) }

// newWorldAt returns a world whose clock stands still.
func newWorldAt(t *testing.T, now time.Time) *world {
	return newWorldWith(t, config(), s3test.Client(nil), func() time.Time { return now })
}

func newWorldWith(t *testing.T, c api.Config, client *s3.Client, now func() time.Time) *world {
	t.Helper()
	w := &world{t: t, user: s3test.User(t), bucket: bucket.New(s3test.Client(nil), s3test.Bucket), output: &transcript.Log{}, doc: description(t), config: c}
	w.url = w.serve(client, now, &w.endpoint)
	return w
}

// serve starts another instance of the API and returns its URL.
func (w *world) serve(client *s3.Client, now func() time.Time, of api.Instances) string {
	w.t.Helper()
	h := api.New(w.config, api.Services{
		S3: client, Bucket: bucket.New(client, w.config.Bucket), Instances: of, Now: now, Random: rand.Reader, WaitTimeout: 10 * time.Minute,
		Log:     telemetry.NewLogger(w.output, slog.LevelDebug),
		Metrics: telemetry.NewMetrics(w.output, now, map[string]string{"Stack": "test", "Function": "api"}),
	})
	server := httptest.NewServer(&gateway.HTTPAPI{
		Function: functions.Lambda(h.Handle), Verifier: subjects{}, Routes: route.Gateway,
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	w.t.Cleanup(server.Close)
	return server.URL
}

func (subjects) Verify(_ context.Context, authorization string) (map[string]string, error) {
	sub, ok := strings.CutPrefix(authorization, "Bearer ")
	switch {
	case !ok:
		return nil, &authorizer.Refusal{Status: http.StatusUnauthorized, Challenge: "Bearer", Reason: "no token"}
	case sub == "without-scope":
		return nil, &authorizer.Refusal{Status: http.StatusForbidden, Challenge: "Bearer", Reason: "no scope"}
	}
	return map[string]string{"sub": sub}, nil
}

// subjects is an authorizer that accepts a sub as token.
type subjects struct{}

var parsed = sync.OnceValues(func() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromData([]byte(api.Description))
})

func description(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// answer is a response with its body.
type answer struct {
	*http.Response
	body []byte
}

func (w *world) send(user, method, path, contentType string, body []byte) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if user != "" {
		r.Header.Set("Authorization", "Bearer "+user)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	response, err := s3test.Transport.RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{Response: response}
	if a.body, err = io.ReadAll(response.Body); err != nil {
		w.t.Fatal(err)
	}
	w.conforms(r, a)
	return a
}

// conforms checks a response against openapi.yaml. For a method that is not
// described it must be a problem; for an undescribed path it must be the
// gateway's.
func (w *world) conforms(r *http.Request, a answer) {
	w.t.Helper()
	path := r.URL.Path
	for _, described := range []route.Route{route.Show, route.Start} {
		if _, ok := described.Match(path); ok {
			path = described.Path
		}
	}
	var operation *openapi3.Operation
	item := w.doc.Paths.Value(path)
	if item != nil {
		operation = item.GetOperation(r.Method)
	}
	if item == nil {
		if a.StatusCode != http.StatusNotFound {
			w.t.Errorf("%s %s is not in openapi.yaml and answers %d", r.Method, path, a.StatusCode)
		}
		return
	}
	if operation == nil {
		item = w.doc.Paths.Value("/api/jobs/{jobId}")
		operation = item.Get
		if a.StatusCode != http.StatusMethodNotAllowed {
			w.t.Errorf("%s %s is not in openapi.yaml and answers %d", r.Method, path, a.StatusCode)
			return
		}
		a.Response = &http.Response{StatusCode: http.StatusNotFound, Header: a.Header}
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: r, Route: &routers.Route{Spec: w.doc, Path: path, PathItem: item, Method: r.Method, Operation: operation},
		},
		Status: a.StatusCode, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	if err := openapi3filter.ValidateResponse(w.t.Context(), input); err != nil {
		w.t.Errorf("%s %s answers %d against openapi.yaml: %v\n%s", r.Method, r.URL.Path, a.StatusCode, err, a.body)
	}
	if a.Header.Get("WWW-Authenticate") == "" { // otherwise it is the gateway's answer
		if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			w.t.Errorf("%s %s lacks a header: %v", r.Method, r.URL.Path, a.Header)
		}
	}
}

func (w *world) get(path string) answer { w.t.Helper(); return w.send(w.user, "GET", path, "", nil) }

func (w *world) post(body string) answer {
	w.t.Helper()
	return w.send(w.user, "POST", "/api/jobs", "application/json; charset=utf-8", []byte(body))
}

// read decodes a response that must have the status.
func read[T any](t *testing.T, a answer, status int) T {
	t.Helper()
	var doc T
	if a.StatusCode != status {
		t.Fatalf("the answer is %d, not %d: %s", a.StatusCode, status, a.body)
	}
	if err := json.Unmarshal(a.body, &doc); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return doc
}

type problem struct {
	Type, Title, Detail, Code, RequestID string
	Status                               int
	Errors                               []struct{ Field, Message string }
}

func (w *world) problem(a answer, status int, code string) problem {
	w.t.Helper()
	p := read[problem](w.t, a, status)
	if p.Code != code || p.Status != status || p.Detail == "" || a.Header.Get("Content-Type") != "application/problem+json" {
		w.t.Errorf("the problem is %+v as %s, not %s", p, a.Header.Get("Content-Type"), code)
	}
	return p
}

type createdJob struct {
	JobID  job.ID
	State  job.State
	Upload form
	Masks  []struct {
		Object int
		Upload form
	}
}

type form struct {
	URL       string
	Fields    map[string]string
	ExpiresAt time.Time
}

// submit creates a job.
func (w *world) submit(body string) createdJob {
	w.t.Helper()
	return read[createdJob](w.t, w.post(body), http.StatusCreated)
}

// upload posts the form for a job's photo.
func upload(t *testing.T, p createdJob, change map[string]string, file []byte) answer {
	t.Helper()
	return p.Upload.post(t, change, file)
}

// post posts a form as a browser does: fields first, the file last.
func (f form) post(t *testing.T, change map[string]string, file []byte) answer {
	t.Helper()
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	fields := map[string]string{}
	for name, value := range f.Fields {
		fields[name] = value
	}
	for name, value := range change {
		fields[name] = value
	}
	for name, value := range fields {
		if value != "-" {
			if err := writer.WriteField(name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	part, err := writer.CreateFormFile("file", "photo")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(f.URL, writer.FormDataContentType(), &form)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{Response: response}
	if a.body, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	return a
}

func (w *world) ref(id job.ID) job.Ref { return job.Ref{User: w.user, Job: id} }

// manifest writes the manifest of an uploaded photo, as Extract does.
func (w *world) manifest(id job.ID, key, name string, selections ...job.Selection) *job.Manifest {
	w.t.Helper()
	ref := w.ref(id)
	version := "" // for a photo that was not uploaded
	if stored, err := w.bucket.Photo(w.t.Context(), key, ""); err == nil {
		version = stored.VersionID
	}
	m := job.NewManifest(ref, id.Created(), job.Source{
		Bucket: s3test.Bucket, Key: key, VersionID: version, ETag: "e", Bytes: 4, Width: 640, Height: 480, Orientation: 1, ContentType: "image/jpeg", Name: name,
	}, selections, job.Options{Seed: 7, Formats: job.AllFormats})
	if _, err := w.bucket.CreateManifest(w.t.Context(), &m); err != nil {
		w.t.Fatal(err)
	}
	return &m
}

// succeed writes an object's result, as the model server does, with the facts
// about its mask.
func (w *world) succeed(m *job.Manifest, n int, mask *job.MaskUse) {
	w.t.Helper()
	r := job.Result{
		Version: job.Version, Index: n, Status: job.StatusSucceeded, Backend: job.BackendRelief, FinishedAt: time.Now().UTC(),
		Mesh:   &job.MeshStats{Vertices: 8, Faces: 12, Bounds: [2][3]float64{{-.5, -.5, -.5}, {.5, .5, .5}}},
		Timing: map[string]int64{"total": 5}, Cost: &job.Cost{USD: 0.001, Seconds: 0.005, InstanceType: "local"},
		Mask: mask,
	}
	for _, format := range job.Made(job.AllFormats) {
		file, err := w.bucket.PutFile(w.t.Context(), m.Ref(), n, format, contentOf(format))
		if err != nil {
			w.t.Fatal(err)
		}
		r.Files = append(r.Files, file)
	}
	if _, err := w.bucket.CreateResult(w.t.Context(), m.Ref(), r); err != nil {
		w.t.Fatal(err)
	}
}

// contentOf returns the content of a file that succeed stores.
func contentOf(format job.Format) []byte {
	if format == job.FormatPreview {
		return []byte("RIFF\x0c\x00\x00\x00WEBPVP8 ")
	}
	return []byte("content of " + string(format))
}

func newID(t *testing.T, at time.Time) job.ID {
	t.Helper()
	id, err := job.NewID(at, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
