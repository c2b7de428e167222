package sweep_test

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/handlers/sweep"
	"gen3d/internal/bucket"
	"gen3d/internal/environment"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
	"gen3d/tests/support/s3test"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

const (
	fresh   = 0 * time.Minute
	stalled = 20 * time.Minute // past the stall time
	over    = 3 * time.Hour    // longer than a request can take
)

// world is the jobs of one user, and sweeps at times that the test chooses.
type world struct {
	*testing.T
	user    string
	bucket  *bucket.Bucket
	config  sweep.Config
	metrics bytes.Buffer
}

func newWorld(t *testing.T) *world {
	return &world{
		T: t, user: s3test.User(t), bucket: bucket.New(s3test.Client(nil), s3test.Bucket),
		config: sweep.Config{
			Bucket: s3test.Bucket, RequestTTLSeconds: 3600, InvocationTimeoutSeconds: 900,
			MarginSeconds: 900, StallSeconds: 900, MaxJobs: 100, WaitSeconds: 7 * 86400, Limits: job.DefaultLimits(),
		},
	}
}

func (w *world) trySweep(after time.Duration) error {
	w.Helper()
	if err := w.config.Validate(); err != nil {
		w.Fatal(err)
	}
	now := func() time.Time { return time.Now().Add(after) }
	return sweep.New(w.config, sweep.Services{
		Bucket: w.bucket, Now: now, Shuffle: rand.Shuffle, Log: slog.New(slog.DiscardHandler),
		Metrics: telemetry.NewMetrics(&w.metrics, now, map[string]string{"Stack": "test"}),
	}).Handle(w.Context())
}

// sweep runs the function as if that much time had passed.
func (w *world) sweep(after time.Duration) {
	w.Helper()
	if err := w.trySweep(after); err != nil {
		w.Fatalf("sweeping: %v", err)
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// newJob writes a job of two objects as Extract does, with a request for each
// unless its photo is refused.
func (w *world) newJob(refused *job.Failure) job.Ref {
	w.Helper()
	ref := w.newRef()
	key := ref.PhotoKey("cup & saucer + spoon", ".jpg")
	m := job.NewManifest(ref, ref.Job.Created(), job.Source{Bucket: s3test.Bucket, Key: key, Name: "cup.jpg"},
		make([]job.Selection, 2), job.Options{Formats: job.AllFormats})
	m.Refused = refused
	w.must(w.bucket.MarkPhoto(w.Context(), ref, key))
	created, err := w.bucket.CreateManifest(w.Context(), &m)
	if err != nil || !created {
		w.Fatal("no manifest: ", err)
	}
	for n := 1; n <= 2 && refused == nil; n++ {
		w.must(w.bucket.PutQueued(w.Context(), ref, job.Queued{Version: job.Version, Index: n}))
	}
	return ref
}

func (w *world) newRef() job.Ref {
	w.Helper()
	id, err := job.NewID(time.Now(), crand.Reader)
	w.must(err)
	return job.Ref{User: w.user, Job: id}
}

func (w *world) succeed(ref job.Ref, n int) {
	w.Helper()
	_, err := w.bucket.CreateResult(w.Context(), ref, job.Result{
		Version: job.Version, Index: n, Status: job.StatusSucceeded, Files: []job.File{}, FinishedAt: time.Now().UTC(),
	})
	w.must(err)
}

func (w *world) has(key string) bool {
	w.Helper()
	_, ok := s3test.Get(w, key)
	return ok
}

// resent returns the number of events that copies have caused for keys that
// begin with prefix.
func (w *world) resent(function, prefix string) int {
	w.Helper()
	n := 0
	for _, event := range s3test.Events(w, function, prefix) {
		if event.Records[0].EventName == "ObjectCreated:Copy" {
			n++
		}
	}
	return n
}

func TestAbandonedObjectsFail(t *testing.T) {
	w := newWorld(t)
	ref := w.newJob(nil)
	w.succeed(ref, 1)
	w.sweep(stalled)
	if w.has(ref.ResultKey(2)) {
		t.Fatal("an object was given up while its request could still run")
	}
	w.sweep(over)
	if r := s3test.Document[job.Result](t, ref.ResultKey(1)); r.Status != job.StatusSucceeded {
		t.Error("the outcome of a finished object was changed")
	}
	r := s3test.Document[job.Result](t, ref.ResultKey(2))
	if r.Status != job.StatusFailed || r.Error == nil || r.Error.Code != job.CodeAbandoned || !strings.Contains(r.Error.Message, "Try again") {
		t.Errorf("the result is %+v", r)
	}
	if events := s3test.Events(t, "notify", ref.ResultKey(2)); len(events) != 1 {
		t.Errorf("Notify got %d events of it", len(events))
	}
	if !w.has(ref.PendingKey()) {
		t.Error("the marker is gone before the mail is out")
	}
	if !strings.Contains(w.metrics.String(), `"ended":1`) || !strings.Contains(w.metrics.String(), `"JobsSwept":1`) {
		t.Errorf("the metrics are\n%s", w.metrics.String())
	}
}

func TestRefusedPhotoGetsItsMissingResults(t *testing.T) {
	w := newWorld(t)
	ref := w.newJob(&job.Failure{Code: job.CodeTooSmall, Message: "Too small."})
	w.sweep(stalled)
	for n := 1; n <= 2; n++ {
		if r := s3test.Document[job.Result](t, ref.ResultKey(n)); r.Error == nil || r.Error.Code != job.CodeTooSmall {
			t.Errorf("result %d is %+v", n, r)
		}
	}
}

func TestEventOfAJobWithoutMailIsSentAgain(t *testing.T) {
	w := newWorld(t)
	ref := w.newJob(nil)
	w.succeed(ref, 1)
	w.succeed(ref, 2)
	before, _ := s3test.Get(t, ref.ResultKey(1))
	w.sweep(stalled)
	after, _ := s3test.Get(t, ref.ResultKey(1))
	if w.resent("notify", ref.OutputPrefix()) != 1 || !bytes.Equal(before, after) {
		t.Fatalf("%d events were sent again; the result is now\n%s", w.resent("notify", ref.OutputPrefix()), after)
	}
	// A lease whose mails are not settled does not count as a mail.
	etag, err := w.bucket.CreateNotice(t.Context(), ref, job.Notice{Version: job.Version, LeasedAt: time.Now()})
	w.must(err)
	w.sweep(stalled)
	if n := w.resent("notify", ref.OutputPrefix()); n != 2 {
		t.Errorf("%d events were sent again", n)
	}
	_, err = w.bucket.ReplaceNotice(t.Context(), ref, job.Notice{Version: job.Version, SentAt: time.Now()}, etag)
	w.must(err)
	w.sweep(stalled)
	if n := w.resent("notify", ref.OutputPrefix()); n != 2 || w.has(ref.PendingKey()) {
		t.Errorf("with the mail out, %d events were sent and the marker is there: %v", n, w.has(ref.PendingKey()))
	}
}

// uploadName is the user's name for the photo of an announced upload.
const uploadName = "Mum's cup (1).JPG"

// announce writes the documents of a job whose photo is to be uploaded.
func (w *world) announce(ref job.Ref, key string, expires time.Time) {
	w.Helper()
	w.must(w.bucket.MarkPending(w.Context(), ref))
	w.must(w.bucket.CreateUpload(w.Context(), &job.Upload{
		Version: job.Version, JobID: ref.Job, UserID: ref.User, CreatedAt: ref.Job.Created(), ExpiresAt: expires, Key: key, Name: uploadName,
		Objects: []job.Selection{{Label: "cup"}, {Label: "spoon", Mask: true}}, Options: job.Options{Seed: 3, Formats: job.AllFormats},
	}))
}

func TestLostEventOfAPhotoIsSentAgain(t *testing.T) {
	for _, name := range []string{"cup", "cup & saucer + spoon", "Tasse: 100% ☕"} {
		w := newWorld(t)
		ref := w.newRef()
		key := ref.PhotoKey(name, ".jpg")
		w.announce(ref, key, time.Now().Add(15*time.Minute))
		metadata := map[string]string{"objects": "*,cup;*,spoon", "seed": "3"}
		s3test.Put(t, ref.MaskKey(key, 2), job.MaskContentType, nil, []byte("a mask"))
		s3test.Put(t, key, "image/jpeg", metadata, []byte("a photo"))
		w.sweep(fresh)
		if n := w.resent("extract", key); n != 0 {
			t.Fatalf("%s: sent again at once", name)
		}
		w.sweep(stalled)
		if n := w.resent("extract", key); n != 1 {
			t.Fatalf("%s: %d events were sent again", name, n)
		}
		head, err := s3test.Client(nil).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(s3test.Bucket), Key: &key})
		if err != nil || aws.ToString(head.ContentType) != "image/jpeg" || head.Metadata["objects"] != metadata["objects"] || head.Metadata["seed"] != "3" {
			t.Errorf("%s: the copy has %v, %v, %v", name, aws.ToString(head.ContentType), head.Metadata, err)
		}
		if data, _ := s3test.Get(t, key); string(data) != "a photo" {
			t.Errorf("%s: the copy holds %q", name, data)
		}
		w.sweep(over)
		m := s3test.Document[job.Manifest](t, ref.ManifestKey())
		if m.Refused == nil || m.Refused.Code != job.CodeAbandoned || len(m.Objects) != 2 || m.Objects[1].Label != "spoon" || m.Options.Seed != 3 || m.Source.Name != uploadName {
			t.Errorf("%s: the manifest is %+v", name, m)
		}
		if mask := m.Objects[1].Mask; m.Objects[0].Mask != nil || mask == nil || mask.Key != ref.MaskKey(key, 2) || mask.Bytes != 6 {
			t.Errorf("%s: the mask is %+v", name, mask)
		}
		for n := 1; n <= 2; n++ {
			if r := s3test.Document[job.Result](t, ref.ResultKey(n)); r.Error == nil || r.Error.Code != job.CodeAbandoned {
				t.Errorf("%s: result %d is %+v", name, n, r)
			}
		}
	}
}

func TestPhotoCopiedInKeepsItsJobWhenSentAgain(t *testing.T) {
	w := newWorld(t)
	key := "users/" + w.user + "/input/my cup.jpg"
	metadata := map[string]string{"objects": "*,cup", "note": "mine"}
	s3test.Put(t, key, "", metadata, []byte("a photo"))
	ref := job.Ref{User: w.user, Job: job.DeriveID(s3test.Bucket, key, "v", time.Now())}
	w.must(w.bucket.MarkPhoto(t.Context(), ref, key)) // here Extract ended
	w.sweep(stalled)
	if n := w.resent("extract", key); n != 1 || w.has(ref.ManifestKey()) {
		t.Fatalf("%d events were sent again", n)
	}
	metadata["job"] = string(ref.Job)
	if photo, err := w.bucket.Photo(t.Context(), key, ""); err != nil || !maps.Equal(photo.Metadata, metadata) {
		t.Errorf("the copy has the metadata %v (%v); want %v", photo.Metadata, err, metadata)
	}
	w.sweep(over)
	data, _ := s3test.Get(t, ref.ManifestKey())
	m, err := job.ParseManifest(data)
	if err != nil || m.Source.Key != key || m.Source.Name != "my cup.jpg" || len(m.Objects) != 1 || m.Refused == nil {
		t.Errorf("the manifest is %+v, %v", m, err)
	}
	if !w.has(ref.ResultKey(1)) {
		t.Error("the object has no result")
	}
}

func TestMarkersOfMissingPhotosAreRemoved(t *testing.T) {
	w := newWorld(t)
	expired, waiting, empty, gone := w.newRef(), w.newRef(), w.newRef(), w.newRef()
	w.announce(expired, expired.PhotoKey("a", ".jpg"), time.Now().Add(10*time.Minute))
	w.announce(waiting, waiting.PhotoKey("a", ".jpg"), time.Now().Add(time.Hour))
	w.must(w.bucket.MarkPending(t.Context(), empty))
	w.must(w.bucket.MarkPhoto(t.Context(), gone, "users/"+w.user+"/input/gone.jpg"))
	w.sweep(fresh)
	for _, ref := range []job.Ref{expired, waiting, empty, gone} {
		if !w.has(ref.PendingKey()) {
			t.Error("a fresh marker was removed")
		}
	}
	w.sweep(stalled)
	if w.has(expired.PendingKey()) || w.has(empty.PendingKey()) || w.has(gone.PendingKey()) {
		t.Error("a marker still stands for nothing")
	}
	if !w.has(waiting.PendingKey()) {
		t.Error("the marker of a photo that may still come was removed")
	}
	if !w.has(expired.UploadKey()) {
		t.Error("the expired upload cannot be seen any more")
	}
}

// faulty fails for one job.
type faulty struct {
	bucket.API
	job job.ID
}

func (f faulty) HeadObject(ctx context.Context, in *s3.HeadObjectInput, o ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	if strings.Contains(*in.Key, string(f.job)) {
		return nil, errors.New("a fault for the test")
	}
	return f.API.HeadObject(ctx, in, o...)
}

func TestErrorWithOneJobDoesNotBlockTheOthers(t *testing.T) {
	w := newWorld(t)
	var refs []job.Ref
	for range 5 {
		ref := w.newJob(nil)
		w.succeed(ref, 1)
		w.succeed(ref, 2)
		refs = append(refs, ref)
	}
	w.bucket = bucket.New(faulty{s3test.Client(nil), refs[2].Job}, s3test.Bucket)
	if err := w.trySweep(stalled); err == nil || !strings.Contains(err.Error(), string(refs[2].Job)) {
		t.Errorf("the error is %v", err)
	}
	for i, ref := range refs {
		if n := w.resent("notify", ref.OutputPrefix()); (n == 1) == (i == 2) {
			t.Errorf("job %d: %d events were sent again", i, n)
		}
	}
}

func TestRunsAreLimitedAndReachEveryJob(t *testing.T) {
	w := newWorld(t)
	w.config.MaxJobs = 3
	left := map[job.Ref]bool{}
	for range 10 {
		left[w.newJob(nil)] = true
	}
	for run := 1; len(left) > 0; run++ {
		if run > 200 {
			t.Fatalf("after %d runs %d jobs were never reached", run, len(left))
		}
		reached := 0
		w.sweep(over)
		for ref := range left {
			if w.has(ref.ResultKey(1)) {
				delete(left, ref)
				reached++
			}
		}
		if reached > 3 {
			t.Fatalf("one run reached %d jobs", reached)
		}
	}
	if !strings.Contains(w.metrics.String(), `"PendingJobs":10`) {
		t.Errorf("the metrics are\n%s", w.metrics.String())
	}
}

func TestManyJobsOfAUserDoNotDelayThoseOfOthers(t *testing.T) {
	w := newWorld(t)
	w.config.MaxJobs = 3
	for range 20 {
		w.newJob(nil)
	}
	var others []job.Ref
	for range 2 {
		w.user = s3test.User(t)
		others = append(others, w.newJob(nil))
	}
	w.sweep(over)
	for _, ref := range others {
		if !w.has(ref.ResultKey(1)) {
			t.Errorf("job %s was not reached", ref.Job)
		}
	}
}

func TestConfigurationErrorNamesEveryProblem(t *testing.T) {
	names := []string{"REQUEST_TTL_SECONDS", "INVOCATION_TIMEOUT_SECONDS", "SWEEP_MARGIN_SECONDS", "SWEEP_STALL_SECONDS", "SWEEP_MAX_JOBS", "SWEEP_WAIT_SECONDS"}
	t.Setenv("DATA_BUCKET", "")
	t.Setenv("LIMITS", `{"maxUnfinished":0}`)
	for _, name := range names {
		t.Setenv(name, "0")
	}
	_, err := environment.Read[sweep.Config]()
	for _, name := range append(slices.Clone(names), "DATA_BUCKET", "maxUnfinished is 0") {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error %v does not tell of %s", err, name)
		}
	}
	t.Setenv("DATA_BUCKET", "data")
	t.Setenv("LIMITS", `{"maxUnfinished":7}`)
	for i, name := range names {
		t.Setenv(name, fmt.Sprint(i+1))
	}
	if c, err := environment.Read[sweep.Config](); err != nil || c.MaxJobs != 5 || c.WaitSeconds != 6 || c.Limits.MaxUnfinished != 7 || c.Bucket != "data" {
		t.Errorf("the configuration is %+v, %v", c, err)
	}
}
