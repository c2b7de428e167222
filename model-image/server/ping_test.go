package server_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"gen3d/internal/job"
	"gen3d/model-image/server"
)

func TestPingFailsUntilTheBackendIsSetUp(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.notReady = true })
	if r := w.get("/ping"); r.status != http.StatusServiceUnavailable || r.code(t) != "starting" {
		t.Errorf("before: %d %s", r.status, r.body)
	}
	m := w.job("cat.jpg")
	if r := w.invoke(m, 1); r.status != http.StatusServiceUnavailable || r.code(t) != "starting" || r.header.Get("Retry-After") == "" {
		t.Errorf("an invocation before: %d %s", r.status, r.body)
	}
	if err := w.server.SetUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := w.get("/ping"); r.status != http.StatusOK || !strings.Contains(string(r.body), `"READY"`) {
		t.Errorf("after: %d %s", r.status, r.body)
	}
}

func TestFailedSetUpFailsEveryPingAndIsLoggedOnce(t *testing.T) {
	for name, test := range map[string]struct {
		want  string
		setup func(*setting)
	}{
		"an error":        {"the weights are not at /opt/ml/model", nil},
		"no such backend": {"this build has no sam3d backend", func(s *setting) { s.config.Backend = job.BackendSAM3D }},
		"no backends":     {"this build has no relief backend", func(s *setting) { s.backends = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(s *setting) {
				s.notReady = true
				if test.setup != nil {
					test.setup(s)
				}
			})
			w.backend.setup = func(context.Context) error { return errors.New("the weights are not at /opt/ml/model") }
			if err := w.server.SetUp(t.Context()); err == nil {
				t.Fatal("the set-up succeeded")
			}
			for range 3 {
				if r := w.get("/ping"); r.status != http.StatusServiceUnavailable || r.code(t) != "setup_failed" || !strings.Contains(string(r.body), test.want) {
					t.Errorf("ping: %d %s", r.status, r.body)
				}
			}
			if n := strings.Count(w.logs.String(), test.want); n != 1 {
				t.Errorf("logged %d times:\n%s", n, w.logs)
			}
		})
	}
}

func TestPanicInSetUpFailsThePing(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.notReady = true })
	w.backend.setup = func(context.Context) error { panic("boom") }
	if err := w.server.SetUp(t.Context()); err == nil {
		t.Fatal("the set-up succeeded")
	}
	if r := w.get("/ping"); r.code(t) != "setup_failed" || strings.Contains(string(r.body), "boom") {
		t.Errorf("ping: %d %s", r.status, r.body)
	}
}

// restarting is a backend that is unhealthy while reason is set.
type restarting struct {
	*backend
	reason atomic.Pointer[string]
	back   chan struct{} // closed when it has recovered
}

func (r *restarting) Healthy() error {
	if reason := r.reason.Load(); reason != nil {
		return errors.New(*reason)
	}
	return nil
}

func (r *restarting) Reconstruct(ctx context.Context, in server.Input) (*server.Output, error) {
	<-r.back
	return r.backend.Reconstruct(ctx, in)
}

func TestPingFailsWhileTheBackendRestarts(t *testing.T) {
	broken := &restarting{back: make(chan struct{})}
	w := newWorld(t, func(s *setting) {
		broken.backend = s.backends[job.BackendRelief].(*backend)
		s.backends[job.BackendRelief] = broken
	})
	if r := w.get("/ping"); r.status != http.StatusOK {
		t.Errorf("before: %d %s", r.status, r.body)
	}
	reason := "the worker is being started"
	broken.reason.Store(&reason)
	if r := w.get("/ping"); r.status != http.StatusServiceUnavailable || r.code(t) != "backend_restarting" || !strings.Contains(string(r.body), reason) {
		t.Errorf("meanwhile: %d %s", r.status, r.body)
	}
	m := w.job("cat.jpg")
	answer := make(chan reply, 1)
	go func() { answer <- w.invoke(m, 1) }()
	w.eventually("the object's turn", func() bool { return strings.Contains(w.progress(m, 1), `"mask"`) })
	select {
	case r := <-answer:
		t.Errorf("a request got %d %s while the backend restarts", r.status, r.body)
	default:
	}
	broken.reason.Store(nil)
	close(broken.back)
	if result := (<-answer).result(t); result.Status != job.StatusSucceeded {
		t.Errorf("the result is %+v", result)
	}
	if r := w.get("/ping"); r.status != http.StatusOK {
		t.Errorf("after: %d %s", r.status, r.body)
	}
}
