package functions_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/tests/support/runtimeapi"
	"gen3d/tests/support/s3test"
)

// Not parallel, like all tests that sweep: a sweep ends the overdue jobs of
// every user, and parallel tests begin after the others.
func TestScheduleEndsAnAbandonedJob(t *testing.T) {
	w := newWorld(t)
	sweep := w.start("sweep")
	ref := w.queued(2)
	w.finish(ref, 1)

	var result *job.Result
	w.sweepUntil(sweep, "a result of the abandoned object", func() (ended bool) {
		result, ended = w.result(ref, 2)
		return ended
	})
	if result.Status != job.StatusFailed || result.Error.Code != job.CodeAbandoned {
		t.Errorf("the result is %+v", result)
	}
	if first, err := documents().Result(t.Context(), ref, 1); err != nil || first.Status != job.StatusSucceeded {
		t.Errorf("the finished object is %+v (%v)", first, err)
	}
	w.start("notify").handle(created(t, ref.ResultKey(2)))
	w.wantMails("Your 3D Mesh is Ready!", result.Error.Message) // one of the two is
	if w.pending(ref) {
		t.Error("the marker of an ended job stands")
	}
}

// longTTL makes jobs live longer than any test, so that only events can be
// lost.
const longTTL = "REQUEST_TTL_SECONDS=21600"

// result returns the result of object n, if there is one.
func (w *world) result(ref job.Ref, n int) (result *job.Result, ok bool) {
	w.Helper()
	result, err := documents().Result(w.Context(), ref, n)
	if err != nil && !errors.Is(err, bucket.ErrNotFound) {
		w.Fatal(err)
	}
	return result, err == nil
}

// sweepUntil runs the function repeatedly until done returns true: objects must
// first become old enough.
func (w *world) sweepUntil(f *function, what string, done func() bool) {
	w.Helper()
	for deadline := time.Now().Add(timeout); !done(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatalf("%s did not come about", what)
		}
		f.handle(recorded(w.T, "eventbridge-scheduled.json"))
	}
}

func TestScheduleSendsTheLostEventOfAPhotoAgain(t *testing.T) {
	w := newWorld(t)
	ref := w.ref()
	upload := w.announce(ref)
	w.copyIn(upload.Key, picture(t, "coffee.jpg"), threeObjects)
	w.sweepUntil(w.start("sweep", longTTL), "another event of the photo", func() bool {
		return len(s3test.Events(t, "extract", upload.Key)) > 1
	})
	sent := s3test.Events(t, "extract", upload.Key)
	w.start("extract").handle(sent[len(sent)-1])
	if got := w.asked(); !slices.Equal(got, inferenceIDs(ref, 3)) {
		t.Errorf("the endpoint was asked for %v; want every object of the photo's metadata", got)
	}
}

func TestScheduleSendsTheLostEventOfAResultAgain(t *testing.T) {
	w := newWorld(t)
	ref := w.queued(1)
	w.finish(ref, 1)
	w.sweepUntil(w.start("sweep", longTTL), "another event of the result", func() bool {
		return len(s3test.Events(t, "notify", ref.ResultKey(1))) > 1
	})
	sent := s3test.Events(t, "notify", ref.ResultKey(1))
	w.start("notify").handle(sent[len(sent)-1])
	w.wantMails("Your 3D Mesh is Ready!")
}

func TestPhotoBeyondTheLimitStartsWhenAnotherJobIsFinished(t *testing.T) {
	const one = `LIMITS={"maxUnfinished":1}`
	w := newWorld(t)
	extract := w.start("extract", one)
	keys := []string{"users/" + w.user + "/input/first.jpg", "users/" + w.user + "/input/second.jpg"}
	for _, key := range keys {
		w.copyIn(key, picture(t, "coffee.jpg"), nil)
		extract.handle(created(t, key))
	}
	first := w.asked()
	if len(first) != 1 {
		t.Fatalf("the endpoint was asked for %v; want the object of the first photo", first)
	}
	w.start("api", one).call(http.MethodPost, "/api/jobs", `{"name":"a.jpg","contentType":"image/jpeg","bytes":4}`, http.StatusTooManyRequests, nil)

	id, _, err := job.ParseInferenceID(first[0])
	if err != nil {
		t.Fatal(err)
	}
	ref := job.Ref{User: w.user, Job: id}
	w.finish(ref, 1)
	w.start("notify").handle(created(t, ref.ResultKey(1)))
	w.sweepUntil(w.start("sweep", longTTL, one), "another event of the photo that waits", func() bool {
		return len(s3test.Events(t, "extract", keys[1])) > 1
	})
	sent := s3test.Events(t, "extract", keys[1])
	extract.handle(sent[len(sent)-1])
	ids, _, err := documents().Jobs(t.Context(), w.user, "", 10)
	if asked := w.asked(); err != nil || len(asked) != 2 || len(ids) != 2 {
		t.Errorf("the endpoint was asked for %v, and there are the jobs %v (%v); want two", asked, ids, err)
	}
}

func TestScheduleEndsAJobThatExtractNeverStarted(t *testing.T) {
	w := newWorld(t)
	ref := w.ref()
	key := "users/" + w.user + "/input/cup.jpg"
	w.copyIn(key, picture(t, "coffee.jpg"), nil)
	if err := documents().MarkPhoto(t.Context(), ref, key); err != nil {
		t.Fatal(err)
	}
	w.sweepUntil(w.start("sweep"), "a result", func() bool {
		_, ended := w.result(ref, 1)
		return ended
	})
	if manifest := s3test.Document[job.Manifest](t, ref.ManifestKey()); manifest.Refused == nil || manifest.Refused.Code != job.CodeAbandoned || manifest.Source.Key != key {
		t.Errorf("the manifest is %+v", manifest)
	}
}

func TestScheduleClearsAJobWithoutPhoto(t *testing.T) {
	w := newWorld(t)
	ref := w.ref()
	if err := documents().MarkPending(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	w.sweepUntil(w.start("sweep"), "the end of the marker", func() bool { return !w.pending(ref) })
}

func TestFaultOfS3FailsTheSweep(t *testing.T) {
	w := newWorld(t)
	sweep := w.start("sweep")
	w.s3.answer(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusForbidden) })
	sweep.refuse(runtimeapi.NewRequestID(), recorded(t, "eventbridge-scheduled.json"))
	w.s3.answer(nil)
	sweep.handle(recorded(t, "eventbridge-scheduled.json"))
}
