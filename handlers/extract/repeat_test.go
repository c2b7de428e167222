package extract_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

var fiveBoxes = map[string]string{"objects": "0,0,50,50;50,0,100,50;0,50,50,100;50,50,100,100;20,20,80,80"}

func TestSecondDeliveryMakesNoRequest(t *testing.T) {
	for _, objects := range []int{1, 5} {
		w := newWorld(t)
		var boxes map[string]string
		if objects == 5 {
			boxes = fiveBoxes
		}
		event := w.copyIn("a.jpg", picture(t, "coffee.jpg"), boxes)
		for range 3 {
			w.handle(event)
		}
		w.wantAsked(objects)
		if w.emitted("JobsQueued") != 1 {
			t.Error("the job was counted again")
		}
	}
}

func TestASecondDeliveryAfterTheEndLeavesNoMarker(t *testing.T) {
	w := newWorld(t)
	event := w.copyIn("a.jpg", picture(t, "coffee.jpg"), nil)
	w.handle(event)
	ref := w.job()
	store := documents()
	if _, err := store.CreateResult(t.Context(), ref, job.FailedResult(1, job.Failure{Code: job.CodeModelFailed, Message: "No."}, time.Now())); err != nil {
		t.Fatal(err)
	}
	// The mails are being sent, and the marker remains for the run that
	// sends them.
	etag, err := store.CreateNotice(t.Context(), ref, job.Notice{Version: job.Version, LeasedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	w.handle(event)
	if !w.has(ref.PendingKey()) {
		t.Error("the marker of a job whose mail is not out is gone")
	}
	if _, err := store.ReplaceNotice(t.Context(), ref, job.Notice{Version: job.Version, SentAt: time.Now()}, etag); err != nil {
		t.Fatal(err)
	}
	if err := store.ClearPending(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	w.handle(event)
	if w.has(ref.PendingKey()) {
		t.Error("the marker of a finished job is back")
	}
	w.wantAsked(1)
}

func TestStartedObjectsAreNotRequestedAgain(t *testing.T) {
	w := newWorld(t)
	event := w.copyIn("a.jpg", picture(t, "coffee.jpg"), fiveBoxes)
	w.handle(event)
	ref, store := w.job(), documents()
	for n := 1; n <= 5; n++ {
		s3test.Delete(t, ref.QueuedKey(n))
	}
	if err := store.PutProgress(t.Context(), ref, job.Progress{Version: job.Version, Index: 2, Stage: job.StageMask}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.CreateResult(t.Context(), ref, job.FailedResult(4, job.Failure{Code: job.CodeModelFailed, Message: "No."}, time.Now())); err != nil {
		t.Fatal(err)
	}
	w.handle(event)
	want := []string{ref.InferenceID(1), ref.InferenceID(3), ref.InferenceID(5)}
	if got := w.endpoint.asked()[5:]; !slices.Equal(got, want) {
		t.Errorf("asked again for %v; want %v", got, want)
	}
}

// crash fails every call from the n-th on, as if the process had ended. If
// after is set, the n-th reaches the service and only its response is lost.
type crash struct {
	n     int
	after bool
	calls atomic.Int64
}

func (c *crash) RoundTrip(r *http.Request) (*http.Response, error) {
	call := int(c.calls.Add(1))
	switch {
	case call < c.n:
		return drain(r)
	case call == c.n && c.after:
		if _, err := drain(r); err != nil {
			return nil, err
		}
	}
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return nil, errCut
}

func TestInterruptedRunIsCompletedByTheNext(t *testing.T) {
	coffee := picture(t, "coffee.jpg")
	for _, shape := range []struct {
		name    string
		file    string
		boxes   map[string]string
		objects int
		refused bool
	}{
		{"five objects", "a.jpg", fiveBoxes, 5, false},
		{"one object", "a.jpg", nil, 1, false},
		{"a refused photo", "a.png", fiveBoxes, 5, true}, // a JPEG named .png
	} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, answer lost %v", shape.name, after), func(t *testing.T) {
				t.Parallel()
				ended := 0
				for n := 1; ; n++ {
					w := newWorld(t)
					w.retries = 1
					event := w.copyIn(shape.file, coffee, shape.boxes)
					breaks := &crash{n: n, after: after}
					w.wire = breaks
					err := w.handler().Handle(t.Context(), event)
					if int(breaks.calls.Load()) < n {
						if err != nil {
							t.Fatalf("no call failed, but the run did: %v", err)
						}
						break
					}
					ended++
					if err == nil {
						t.Errorf("the run that ended at call %d reports no error", n)
					}
					w.wire, w.api = nil, nil
					w.handle(event)
					w.wantComplete(fmt.Sprintf("ended at call %d", n), shape.objects, shape.refused)
				}
				if ended < 5 {
					t.Errorf("only %d calls to end at", ended)
				}
			})
		}
	}
}

func (w *world) wantComplete(where string, objects int, refused bool) {
	w.Helper()
	ref := w.job()
	asked := w.endpoint.asked()
	for n := 1; n <= objects; n++ {
		switch {
		case refused && !w.has(ref.ResultKey(n)):
			w.Errorf("%s: object %d has no result", where, n)
		case !refused && !slices.Contains(asked, ref.InferenceID(n)):
			w.Errorf("%s: object %d was never asked for", where, n)
		}
	}
	if refused && len(asked) > 0 || !refused && len(asked) > objects+1 {
		w.Errorf("%s: the endpoint was asked for %v", where, asked)
	}
	if !w.has(ref.PendingKey()) {
		w.Errorf("%s: the marker is missing", where)
	}
}

// blink fails one call, before or after it reaches the service. The SDK retries
// it.
type blink struct{ crash }

func (b *blink) RoundTrip(r *http.Request) (*http.Response, error) {
	if int(b.calls.Load()) >= b.n {
		b.calls.Add(1)
		return drain(r)
	}
	return b.crash.RoundTrip(r)
}

func TestFailedCallIsRetriedInTheRun(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		w := newWorld(t)
		event := w.copyIn("a.jpg", picture(t, "coffee.jpg"), nil)
		b := &blink{crash{n: n, after: true}}
		w.wire = b
		w.handle(event)
		w.wantComplete(fmt.Sprintf("answer %d lost", n), 1, false)
		if int(b.calls.Load()) < n {
			return
		}
	}
}

func TestConcurrentRunsRequestEachObjectOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stallTimeout = time.Minute
	event := w.copyIn("a.jpg", picture(t, "coffee.jpg"), fiveBoxes)
	handler := w.handler()
	var runs sync.WaitGroup
	for range 3 {
		runs.Go(func() {
			if err := handler.Handle(t.Context(), event); err != nil {
				t.Error(err)
			}
		})
	}
	runs.Wait()
	w.wantAsked(5)
}

func TestRunWaitsNoLongerThanItsDeadline(t *testing.T) {
	w := newWorld(t)
	event := w.copyIn("a.jpg", picture(t, "coffee.jpg"), nil)
	w.handle(event)
	s3test.Delete(t, w.job().QueuedKey(1)) // as if the leader were still running
	w.stallTimeout = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := w.handler().Handle(ctx, event); err == nil {
		t.Error("the run ended without an error and without the job's end")
	}
	w.wantAsked(1)
}
