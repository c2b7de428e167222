package functions_test

import (
	"net/http"
	"testing"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// forget removes what is known about times, now and after the test.
func forget(t *testing.T) {
	t.Helper()
	s3test.Delete(t, job.TimesKey)
	t.Cleanup(func() { s3test.Delete(t, job.TimesKey) })
}

func TestChosenPhotoStartsTheModel(t *testing.T) {
	forget(t)
	w := newWorld(t)
	api := w.start("api", "WAKE=photo")
	for range 2 {
		var woken struct{ State string }
		api.call(http.MethodPost, "/api/wake", "", http.StatusAccepted, &woken)
		if woken.State != "starting" {
			t.Errorf("the model is %s", woken.State)
		}
	}
	if times := s3test.Document[job.Times](t, job.TimesKey); times.AskedAt.IsZero() {
		t.Errorf("the start is recorded as %+v", times)
	}
	var shown struct {
		Waiting struct{ Reason string }
	}
	api.call(http.MethodGet, "/api/jobs/"+string(w.queued(1).Job), "", http.StatusOK, &shown)
	if shown.Waiting.Reason != "instance" {
		t.Errorf("the job waits for %+v", shown.Waiting)
	}
}

func TestQueuedObjectsOpenAStart(t *testing.T) {
	forget(t)
	w := newWorld(t)
	key := "users/" + w.user + "/input/cup.jpg"
	w.copyIn(key, picture(t, "coffee.jpg"), nil)
	w.start("extract").handle(created(t, key))
	if times := s3test.Document[job.Times](t, job.TimesKey); times.AskedAt.IsZero() {
		t.Errorf("the start is recorded as %+v", times)
	}
}

func TestFinishedObjectIsATime(t *testing.T) {
	forget(t)
	w := newWorld(t)
	ref := w.queued(2)
	notify := w.start("notify")
	for n := range 2 {
		w.finish(ref, n+1)
		notify.handle(created(t, ref.ResultKey(n+1)))
	}
	if times := s3test.Document[job.Times](t, job.TimesKey); len(times.Objects) != 2 {
		t.Errorf("the times are %+v", times)
	}
}
