package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"gen3d/internal/bodytimeout"
	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
)

// Dependencies are what a server needs besides its configuration.
type Dependencies struct {
	S3 bucket.API
	// Backends are the backends of this build by name; see [Backends].
	Backends map[job.Backend]Backend
	Log      *slog.Logger
	Metrics  *telemetry.Metrics // may be nil
	Now      func() time.Time
}

// Server is the model server.
type Server struct {
	cfg     Config
	bucket  *bucket.Bucket
	backend Backend // nil if the build lacks it
	log     *slog.Logger
	metrics *telemetry.Metrics
	now     func() time.Time

	lifecycle lifecycle
	inFlight  atomic.Int64
	photos    *photos
	memory    *memory
	turn      *turn
	locks     objectLocks

	// life ends when the remaining requests are canceled.
	life context.Context
	end  context.CancelCauseFunc
	// grace is how long those may take to answer before their connections are
	// closed.
	grace time.Duration
}

// backendGrace is how long a backend may run on after its context ends before
// the server reports it as stuck.
const backendGrace = 5 * time.Second

// answerGrace is within the three seconds that SageMaker leaves after the longest
// DrainTimeout.
const answerGrace = time.Second

// New returns a server in state [StateStarting].
func New(cfg Config, deps Dependencies) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("creating the model server: %w", err)
	}
	s := &Server{
		cfg: cfg, bucket: bucket.New(deps.S3, cfg.Bucket), backend: deps.Backends[cfg.Backend],
		log: deps.Log, metrics: deps.Metrics, now: deps.Now,
		lifecycle: lifecycle{state: StateStarting, reason: "the backend is being set up"},
		photos:    newPhotos(cfg.PhotoCacheBytes), memory: newMemory(cfg.PhotoMemoryBytes), turn: newTurn(backendGrace), grace: answerGrace,
	}
	s.life, s.end = context.WithCancelCause(context.Background())
	return s, nil
}

// SetUp sets the backend up and makes the server ready. An error is logged, and
// every later ping reports it.
func (s *Server) SetUp(ctx context.Context) error {
	began := s.now()
	err := s.setUp(ctx)
	if err != nil {
		s.lifecycle.move(StateSetupFailed, err.Error())
		s.log.ErrorContext(ctx, "set-up failed", "backend", string(s.cfg.Backend), "error", err.Error())
		return err
	}
	s.lifecycle.move(StateReady, "")
	s.log.InfoContext(ctx, "ready", "backend", string(s.cfg.Backend), "setupMs", s.now().Sub(began).Milliseconds())
	return nil
}

func (s *Server) setUp(ctx context.Context) (err error) {
	if s.backend == nil {
		return errors.New(missing(string(s.cfg.Backend)))
	}
	defer func() {
		if p := recover(); p != nil {
			s.log.ErrorContext(ctx, "panic in set-up", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("setting up the %s backend: it panicked; see the log for the stack trace", s.cfg.Backend)
		}
	}()
	if err := s.backend.Setup(ctx); err != nil {
		return fmt.Errorf("setting up the %s backend: %w", s.cfg.Backend, err)
	}
	return nil
}

// errStopped is the cause of the context of objects that are canceled after
// DrainTimeout.
var errStopped = errors.New("the server is stopping")

// Serve sets the backend up while it serves listener, until ctx ends. Then it
// accepts no more requests and returns nil when those in progress are done, or
// after DrainTimeout, when it cancels them.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	web := &http.Server{
		// No timeout for a whole request: an invocation lasts as long as its object,
		// and a read deadline would cancel its context. The body has a separate
		// timeout.
		Handler:           bodytimeout.Handler(s.Handler(), bodyTimeout),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	go func() { _ = s.SetUp(ctx) }() // logged, and reported by every ping
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serving on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	s.lifecycle.move(StateDraining, "the server is stopping")
	s.log.Info("draining", "inFlight", s.inFlight.Load())
	drain, cancel := context.WithTimeout(context.Background(), s.cfg.DrainTimeout)
	defer cancel()
	if web.Shutdown(drain) == nil {
		s.log.Info("stopped")
		return nil
	}
	s.log.Warn("requests in progress are canceled; the endpoint reports them", "inFlight", s.inFlight.Load())
	s.end(errStopped)
	last, cancelLast := context.WithTimeout(context.Background(), s.grace)
	defer cancelLast()
	if web.Shutdown(last) != nil {
		_ = web.Close()
	}
	return nil
}
