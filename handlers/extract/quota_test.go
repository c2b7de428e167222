package extract_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"gen3d/handlers/notify"
	"gen3d/handlers/sweep"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
	"gen3d/tests/support/s3test"
)

// stalled is a time after which Sweep considers an event lost.
const stalled = time.Hour

// sweep runs Sweep as if that much time had passed. It processes the jobs of
// every user, so no test that sweeps is parallel.
func (w *world) sweep(after time.Duration) {
	w.Helper()
	config := sweep.Config{
		Bucket: s3test.Bucket, RequestTTLSeconds: 21600, InvocationTimeoutSeconds: 900, MarginSeconds: 900,
		StallSeconds: 900, WaitSeconds: 7 * 86400, MaxJobs: 1000, Limits: w.config.Limits,
	}
	if err := config.Validate(); err != nil {
		w.Fatal(err)
	}
	now := func() time.Time { return time.Now().Add(after) }
	handler := sweep.New(config, sweep.Services{
		Bucket: documents(), Now: now, Shuffle: rand.Shuffle,
		Log: slog.New(slog.DiscardHandler), Metrics: telemetry.NewMetrics(io.Discard, now, nil),
	})
	if err := handler.Handle(w.Context()); err != nil {
		w.Fatal("sweeping: ", err)
	}
}

// arrived returns the events of the user's photos after the first n.
func (w *world) arrived(n int) []events.S3Event {
	w.Helper()
	return s3test.Events(w, "extract", job.UsersPrefix+w.user+"/input/")[n:]
}

// post counts mails by their job. It implements SES, and a user directory
// without users.
type post struct {
	of    job.ID // the job that Notify processes
	mails map[job.ID]int
}

func (p *post) AdminGetUser(context.Context, *cognitoidentityprovider.AdminGetUserInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminGetUserOutput, error) {
	return &cognitoidentityprovider.AdminGetUserOutput{}, nil // without an address, so the only mail is the admin's
}

func (p *post) SendEmail(_ context.Context, _ *sesv2.SendEmailInput, _ ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error) {
	p.mails[p.of]++
	return &sesv2.SendEmailOutput{}, nil
}

// finish writes the result of a job's only object and runs Notify.
func (w *world) finish(p *post, ref job.Ref) {
	w.Helper()
	handler := notify.New(notify.Config{
		Bucket: s3test.Bucket, WebsiteURL: "https://gen3d.example.org", Sender: "noreply@example.org", Admin: "admin@example.org",
		UserPoolID: "us-east-1_test", LeaseSeconds: 60,
	}, notify.Services{
		Bucket: documents(), Users: p, Mail: p, Now: time.Now, NewID: func() string { return "run" },
		Log: slog.New(slog.DiscardHandler), Metrics: telemetry.NewMetrics(io.Discard, time.Now, nil),
	})
	result := job.FailedResult(1, job.Failure{Code: job.CodeModelFailed, Message: "No."}, time.Now())
	if _, err := documents().CreateResult(w.Context(), ref, result); err != nil {
		w.Fatal(err)
	}
	event := fmt.Sprintf(`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":%q},"object":{"key":%q}}}]}`,
		s3test.Bucket, ref.ResultKey(1))
	p.of = ref.Job
	if err := handler.Handle(w.Context(), []byte(event)); err != nil {
		w.Fatal("notifying: ", err)
	}
}

// queued returns the jobs whose only object is queued and has no result.
func (w *world) queued() (refs []job.Ref) {
	w.Helper()
	for _, ref := range w.jobs() {
		if w.has(ref.QueuedKey(1)) && !w.has(ref.ResultKey(1)) {
			refs = append(refs, ref)
		}
	}
	return refs
}

func TestPhotosCopiedInBeyondTheLimitWaitAndAllAreFinished(t *testing.T) {
	const limit, photos = 5, 12
	w := newWorld(t)
	w.config.Limits.MaxUnfinished = limit
	cat := picture(t, "cat.webp")
	handler := w.handler()
	var all sync.WaitGroup
	for n := range photos {
		event := w.copyIn(fmt.Sprintf("%02d.webp", n), cat, nil)
		all.Go(func() {
			if err := handler.Handle(t.Context(), event); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if jobs, queued := len(w.jobs()), len(w.queued()); jobs != photos || queued != limit || len(w.endpoint.asked()) != limit {
		t.Fatalf("of %d photos %d became jobs, and %d are queued; want %d", photos, jobs, queued, limit)
	}
	if queued, waiting := w.emitted("JobsQueued"), w.emitted("JobsWaiting"); queued != float64(limit) || waiting != float64(photos-limit) {
		t.Errorf("%v jobs are counted as queued and %v as waiting", queued, waiting)
	}
	if n := len(s3test.Events(t, "notify", job.OutputPrefix(w.user))); n != 0 {
		t.Errorf("%d results, each of which would be mailed", n)
	}
	w.sweep(stalled)
	if n := len(w.arrived(photos)); n != 0 {
		t.Fatalf("%d photos are sent to Extract again although no place is free", n)
	}

	mails := &post{mails: map[job.ID]int{}}
	seen := photos
	for finished := 0; finished < photos; {
		queued := w.queued()
		if len(queued) == 0 || len(queued) > limit {
			t.Fatalf("%d jobs are queued after %d are finished; the limit is %d", len(queued), finished, limit)
		}
		for _, ref := range queued[:min(len(queued), 3)] {
			w.finish(mails, ref)
			finished++
		}
		w.sweep(stalled)
		for _, event := range w.arrived(seen) {
			seen++
			w.handle(event)
			w.handle(event) // S3 delivers at least once
		}
	}
	if jobs := len(w.jobs()); jobs != photos || len(mails.mails) != photos || len(w.endpoint.asked()) != photos {
		t.Errorf("%d photos became %d jobs with %d requests and %d mails", photos, jobs, len(w.endpoint.asked()), len(mails.mails))
	}
	if most := slices.Max(slices.Collect(maps.Values(mails.mails))); most != 1 {
		t.Errorf("a mail was sent %d times", most)
	}
	if left := s3test.Keys(t, job.PendingUserPrefix(w.user)); len(left) != 1 { // the claims
		t.Errorf("left are %v", left)
	}
	if queued := w.emitted("JobsQueued"); queued != photos {
		t.Errorf("%v jobs are counted as queued", queued)
	}
}

// occupy gives places to other jobs of the user.
func (w *world) occupy(n int) (refs []job.Ref) {
	w.Helper()
	for range n {
		ref := job.Ref{User: w.user, Job: job.DeriveID("", fmt.Sprint(rand.Int64()), "", time.Now())}
		if err := documents().MarkPending(w.Context(), ref); err != nil {
			w.Fatal(err)
		}
		places, err := documents().Claim(w.Context(), w.user, []job.ID{ref.Job}, n, time.Now())
		if err != nil || len(places) != 1 {
			w.Fatal("no place: ", err)
		}
		refs = append(refs, ref)
	}
	return refs
}

// release ends jobs.
func (w *world) release(refs []job.Ref) {
	w.Helper()
	for _, ref := range refs {
		if err := documents().ClearPending(w.Context(), ref); err != nil {
			w.Fatal(err)
		}
	}
}

func TestUploadedPhotoKeepsItsPlace(t *testing.T) {
	w := newWorld(t)
	w.config.Limits.MaxUnfinished = 1
	ref := w.announce("cat.webp")
	if err := documents().MarkPending(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	if _, err := documents().Claim(t.Context(), w.user, []job.ID{ref.Job}, 1, time.Now()); err != nil {
		t.Fatal(err)
	}
	w.handle(w.put(ref.PhotoKey("cat", ".webp"), "", picture(t, "cat.webp"), map[string]string{"job": string(ref.Job)}))
	w.wantAsked(1)
}

// At whatever call a run ends, with places free or not, the job starts when it
// has a place, and not before.
func TestInterruptedRunOfAWaitingJobIsRepeated(t *testing.T) {
	cat := picture(t, "cat.webp")
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			w := newWorld(t)
			w.retries = 1
			w.config.Limits.MaxUnfinished = 2
			others := w.occupy(2)
			event := w.copyIn("a.webp", cat, nil)
			breaks := &crash{n: n, after: after}
			w.wire = breaks
			err := w.handler().Handle(t.Context(), event)
			if int(breaks.calls.Load()) < n {
				if err != nil {
					t.Fatalf("no call failed, but the run did: %v", err)
				}
				break
			}
			w.wire, w.api = nil, nil
			w.handle(event)
			if asked := w.endpoint.asked(); len(asked) != 0 || len(w.jobs()) != 1 || !w.has(w.job().PendingKey()) {
				t.Errorf("ended at call %d: %v asked for without a place, %d jobs", n, asked, len(w.jobs()))
			}
			w.release(others[:1])
			w.sweep(stalled)
			sent := w.arrived(1)
			if len(sent) != 1 {
				t.Fatalf("ended at call %d: %d events were sent again", n, len(sent))
			}
			w.handle(sent[0])
			w.wantAsked(1)
			w.handle(event) // late
			w.wantAsked(1)
		}
	}
}

// The same photo copied in again while the first one waits is another job, and
// so is a copy under another key with the metadata of the first.
func TestOnlyTheCopyOntoItselfIsTheSameJob(t *testing.T) {
	w := newWorld(t)
	w.config.Limits.MaxUnfinished = 1
	others := w.occupy(1)
	cat := picture(t, "cat.webp")
	w.handle(w.copyIn("a.webp", cat, nil))
	first := w.job()
	w.handle(w.copyIn("b.webp", cat, map[string]string{"job": string(first.Job)}))
	w.handle(w.copyIn("a.webp", bytes.Clone(picture(t, "coffee.jpg")), nil)) // refused, because it is not a WebP
	if n := len(w.jobs()); n != 3 {
		t.Fatalf("three photos are %d jobs", n)
	}
	w.release(others)
	w.handle(w.copyIn("a.webp", cat, map[string]string{"job": string(first.Job)}))
	if asked := w.endpoint.asked(); len(w.jobs()) != 3 || !slices.Equal(asked, []string{first.InferenceID(1)}) {
		t.Errorf("the copy makes %d jobs of three, and asks for %v", len(w.jobs()), asked)
	}
}

// Extract can end before it writes the manifest; the marker then identifies the
// job of the photo.
func TestACopySentAgainBeforeThereIsAManifestIsTheSameJob(t *testing.T) {
	w := newWorld(t)
	key := "users/" + w.user + "/input/a.webp"
	event := w.copyIn("a.webp", picture(t, "cat.webp"), nil)
	photo, err := documents().Photo(t.Context(), key, "")
	if err != nil {
		t.Fatal(err)
	}
	ref := job.Ref{User: w.user, Job: job.DeriveID(s3test.Bucket, key, photo.VersionID, photo.Written)}
	if err := documents().MarkPhoto(t.Context(), ref, key); err != nil {
		t.Fatal(err)
	}
	w.sweep(stalled)
	sent := w.arrived(1)
	if len(sent) != 1 {
		t.Fatalf("%d events were sent again", len(sent))
	}
	w.handle(sent[0])
	w.handle(event)
	if got := w.job(); got != ref {
		t.Errorf("the job is %v; want %v", got, ref)
	}
	w.wantAsked(1)
}

// The copy is a new version. The job keeps its version, which becomes the
// current one again when everything is queued.
func TestAJobKeepsTheVersionOfItsPhotoWhenItIsSentAgain(t *testing.T) {
	w := newWorld(t)
	w.config.Limits.MaxUnfinished = 1
	others := w.occupy(1)
	event := w.copyIn("a.webp", picture(t, "cat.webp"), nil)
	w.handle(event)
	w.release(others)
	w.sweep(stalled)
	sent := w.arrived(1)
	if len(sent) != 1 || sent[0].Records[0].S3.Object.VersionID == event.Records[0].S3.Object.VersionID {
		t.Fatalf("sent again were %+v", sent)
	}
	w.handle(sent[0])
	w.handle(sent[0])
	m, want := w.manifest(), event.Records[0].S3.Object.VersionID
	photo, err := documents().Photo(t.Context(), m.Source.Key, "")
	if err != nil || m.Source.VersionID != want || photo.VersionID != want {
		t.Errorf("the job is of version %s, and the newest is %+v (%v); want %s", m.Source.VersionID, photo, err, want)
	}
	w.wantAsked(1)
}
