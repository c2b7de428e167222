package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/model-image/server"
)

// exporting is a backend whose first object stays in the export, after Next,
// until release is closed.
func exporting(w *world) (exports, release chan struct{}) {
	exports, release = make(chan struct{}), make(chan struct{})
	w.backend.reconstruct = func(ctx context.Context, in server.Input) (*server.Output, error) {
		if in.Object.Index != 1 {
			return instant(in), nil
		}
		in.Stage(job.StageExport)
		in.Next()
		in.Next() // has no further effect
		close(exports)
		select {
		case <-release:
			return instant(in), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return exports, release
}

func TestNextObjectBeginsDuringTheExportOfOne(t *testing.T) {
	w := newWorld(t)
	exports, release := exporting(w)
	m := w.job("cat.jpg", nil, nil, nil)
	first := make(chan reply, 1)
	go func() { first <- w.invoke(m, 1) }()
	<-exports
	for n := 2; n <= 3; n++ {
		if result := w.invoke(m, n).result(t); result.Status != job.StatusSucceeded {
			t.Errorf("object %d: %+v", n, result)
		}
	}
	if w.stored(m, 1) != nil {
		t.Error("the first object has a result during its export")
	}
	close(release)
	if r := <-first; r.result(t).Status != job.StatusSucceeded {
		t.Errorf("the first object: %s", r.body)
	}
	if worst := w.backend.worst.Load(); worst != 2 {
		t.Errorf("the backend had %d objects at once, one of them in its export", worst)
	}
}

func TestObjectsBeforeNextAreMadeOneAtATime(t *testing.T) {
	const objects = 16
	w := newWorld(t, func(s *setting) { s.config.MaxConcurrency = objects })
	var making, worst atomic.Int32
	w.backend.reconstruct = func(_ context.Context, in server.Input) (*server.Output, error) {
		if n := making.Add(1); n > worst.Load() {
			worst.Store(n)
		}
		making.Add(-1)
		in.Next()
		return instant(in), nil
	}
	m := w.job("cat.jpg", make([]*job.Box, objects)...)
	done := make(chan job.Result, objects)
	for n := range objects {
		go func() { done <- w.invoke(m, n+1).result(t) }()
	}
	for range objects {
		if result := <-done; result.Status != job.StatusSucceeded {
			t.Errorf("the result is %+v", result)
		}
	}
	if worst.Load() != 1 {
		t.Errorf("%d objects were made at once", worst.Load())
	}
}

func TestCostEndsWithNext(t *testing.T) {
	var now atomic.Int64
	w := newWorld(t, func(s *setting) {
		s.config.PricePerHour, s.config.InstanceType = 3600, "ml.test"
		s.now = func() time.Time { return time.Unix(1_800_000_000+now.Load(), 0) }
	})
	w.backend.reconstruct = func(_ context.Context, in server.Input) (*server.Output, error) {
		now.Add(7)
		if in.Object.Index == 1 {
			in.Next()
		}
		now.Add(30)
		return instant(in), nil
	}
	m := w.job("cat.jpg", nil, nil)
	for n, want := range map[int]float64{1: 7, 2: 37} {
		if result := w.invoke(m, n).result(t); result.Cost == nil || result.Cost.Seconds != want || result.Cost.USD != want {
			t.Errorf("object %d costs %+v, want %g seconds", n, result.Cost, want)
		}
	}
}

func TestFailedExportHasItsCode(t *testing.T) {
	w := newWorld(t)
	w.backend.reconstruct = func(_ context.Context, in server.Input) (*server.Output, error) {
		in.Next()
		return nil, fmt.Errorf("%w: the exporter ended with signal: killed", server.ErrExport)
	}
	result := w.invoke(w.job("cat.jpg"), 1).result(t)
	if result.Error == nil || result.Error.Code != job.CodeExportFailed || !result.Error.Code.InService() {
		t.Errorf("the result is %+v", result)
	}
}

func TestTimeoutInTheExportLeavesTheBackendFree(t *testing.T) {
	w := newWorld(t)
	w.server.SetBackendGrace(time.Millisecond)
	release := make(chan struct{})
	defer close(release)
	w.backend.reconstruct = func(_ context.Context, in server.Input) (*server.Output, error) {
		if w.backend.calls.Load() == 1 {
			in.Next()
			<-release // beyond the timeout and the grace period
		}
		return instant(in), nil
	}
	m := w.job("cat.jpg", make([]*job.Box, job.DefaultLimits().MaxObjects)...)
	n := w.timeOutInTheBackend(m)
	w.server.SetInvocationTimeout(timeout)
	if r := w.get("/ping"); r.status != http.StatusOK {
		t.Errorf("the ping: %d %s", r.status, r.body)
	}
	if result := w.invoke(m, n+1).result(t); result.Status != job.StatusSucceeded {
		t.Errorf("the next object: %+v", result)
	}
}

func TestRequestCanceledInTheExportStillWritesItsResult(t *testing.T) {
	w := newWorld(t)
	exports, release := exporting(w)
	m := w.job("cat.jpg", nil, nil)
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() {
		_, err := w.tryPost(ctx, marshal(t, m), map[string]string{"X-Amzn-SageMaker-Custom-Attributes": "object=1"})
		answered <- err
	}()
	<-exports
	cancel()
	if err := <-answered; err == nil {
		t.Error("there was an answer")
	}
	close(release)
	w.eventually("the result", func() bool { return w.stored(m, 1) != nil })
}

func TestJobDeletedInTheExportOfAnObjectLeavesOthersAlone(t *testing.T) {
	w := newWorld(t)
	exports, release := exporting(w)
	deleted, other := w.job("cat.jpg"), w.job("coffee.jpg", nil, nil)
	answer := make(chan reply, 1)
	go func() { answer <- w.invoke(deleted, 1) }()
	<-exports
	if err := w.bucket.DeleteJob(t.Context(), deleted.Ref(), deleted.Source.Key); err != nil {
		t.Fatal(err)
	}
	close(release)
	<-answer
	if result := w.invoke(other, 2).result(t); result.Status != job.StatusSucceeded {
		t.Errorf("the other job's object: %+v", result)
	}
}

func TestDrainEndsAnExportAndAReconstruction(t *testing.T) {
	for name, drain := range map[string]time.Duration{"in time": time.Minute, "after the drain timeout": 50 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.server.SetDrainTimeout(drain)
			made, release := make(chan struct{}, 2), make(chan struct{})
			w.backend.reconstruct = func(ctx context.Context, in server.Input) (*server.Output, error) {
				if in.Object.Index == 1 {
					in.Next()
				}
				made <- struct{}{}
				select {
				case <-release:
					return instant(in), nil
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}
			stop, served := w.serve()
			m := w.job("cat.jpg", nil, nil)
			answers := make(chan reply, 2)
			for n := 1; n <= 2; n++ {
				go func() { answers <- w.invoke(m, n) }()
				<-made
			}
			stop()
			in := drain == time.Minute
			if in {
				close(release)
			}
			for range 2 {
				if r := <-answers; (r.status == http.StatusOK) != in {
					t.Errorf("the answer is %d %s", r.status, r.body)
				}
			}
			if err := <-served; err != nil && !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
			for n := 1; n <= 2; n++ {
				if (w.stored(m, n) != nil) != in {
					t.Errorf("object %d: result %s", n, w.stored(m, n))
				}
			}
		})
	}
}
