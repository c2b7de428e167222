package functions_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/tests/runtimeapi"
)

// Not parallel, like all tests that sweep: a sweep ends the old jobs of every
// user, and parallel tests begin when the others are done.
func TestScheduleEndsAnAbandonedJob(t *testing.T) {
	w := newWorld(t)
	sweep := w.start("sweep")
	ref := w.queued(2)
	w.finish(ref, 1)

	// The job must first grow older than its life, so the schedule runs on.
	var result *job.Result
	for deadline := time.Now().Add(patience); ; {
		sweep.handle(recorded(t, "eventbridge-scheduled.json"))
		var err error
		if result, err = documents().Result(t.Context(), ref, 2); err == nil {
			break
		}
		if !errors.Is(err, bucket.ErrNotFound) {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatal("the job was never ended")
		}
		time.Sleep(200 * time.Millisecond)
	}
	if result.Status != job.StatusFailed || result.Error.Code != job.CodeAbandoned {
		t.Errorf("the result is %+v", result)
	}
	if first, err := documents().Result(t.Context(), ref, 1); err != nil || first.Status != job.StatusSucceeded {
		t.Errorf("the finished object is %+v (%v)", first, err)
	}
	w.start("notify").handle(created(t, ref.ResultKey(2)))
	w.wantOneLetter("Your 3D Mesh is Ready!", result.Error.Message) // one of the two is
	if w.pending(ref) {
		t.Error("the marker of an ended job stands")
	}
}

func TestFaultOfS3FailsTheSweep(t *testing.T) {
	w := newWorld(t)
	sweep := w.start("sweep")
	w.s3.answer(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusForbidden) })
	sweep.refuse(runtimeapi.NewRequestID(), recorded(t, "eventbridge-scheduled.json"))
	w.s3.answer(nil)
	sweep.handle(recorded(t, "eventbridge-scheduled.json"))
}
