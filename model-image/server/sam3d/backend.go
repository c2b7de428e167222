package sam3d

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"gen3d/internal/job"
	"gen3d/internal/telemetry"
	"gen3d/model-image/server"
)

// Config configures the worker.
type Config struct {
	// Command runs the worker, such as python3 -m worker.
	Command []string
	// Exporter runs the exporter, such as python3 -m worker.exporter.
	Exporter []string
	// ExportPlaces is how many objects may be with the exporter, waiting or being
	// exported, while the worker makes the next one. If it is 0, the worker waits
	// until the files of an object are written.
	ExportPlaces int
	// Directory is the working directory of both, which contains the Python package
	// worker.
	Directory string
	// Environment is added to the server's environment, as NAME=value.
	Environment []string
	// Weights is the model folder, with the layout of worker/weights.py.
	Weights string
	// DINOv2 is the folder with the code of facebookresearch/dinov2.
	DINOv2 string
	// Scratch is where temporary folders for objects are created. A photo takes 4
	// bytes per pixel there. If empty, it is [os.TempDir].
	Scratch string
	// MinimumGPUBytes is the least GPU memory to accept; 0 accepts any GPU.
	MinimumGPUBytes int64
	// DistilledSteps above 0 makes stage 1 sample as a distilled model in this many
	// steps; see [Settings.DistilledSteps].
	DistilledSteps int
	// SetupTimeout bounds the time a worker takes to load the weights.
	SetupTimeout time.Duration
	// Backoff is the delay after the first failed attempt to start a worker. It
	// doubles with each further failure, up to a minute.
	Backoff time.Duration
	Log     *slog.Logger
	// Metrics receives the worker's metrics; it may be nil.
	Metrics Metrics
}

// Metrics emits metrics.
type Metrics interface {
	Emit(properties map[string]any, metrics ...telemetry.Metric)
}

// shutdownGrace is how long a worker may take to exit after [Backend.Close].
// Together with the drain it must be less than the 30 seconds until SIGKILL.
const shutdownGrace = time.Second

// Backend keeps a worker and an exporter running. It implements [server.Backend] and
// [server.HealthReporter].
type Backend struct {
	cfg     Config
	scratch string

	exporter *exporter

	life context.Context // ends with Close
	end  context.CancelCauseFunc

	mu       sync.Mutex
	current  *worker  // the worker that is ready, or nil
	attempt  *attempt // to start one, or nil
	worked   bool     // a worker has been ready before
	failures int      // consecutive failed attempts
	last     error    // of the last failed attempt, until a worker is ready
	runs     int64
	closed   bool
}

var (
	_ server.Backend        = (*Backend)(nil)
	_ server.HealthReporter = (*Backend)(nil)
)

// New returns a backend. It starts no process before Setup.
func New(cfg Config) *Backend {
	b := &Backend{cfg: cfg, exporter: newExporter(cfg)}
	b.life, b.end = context.WithCancelCause(context.Background())
	return b
}

// Name returns [job.BackendSAM3D].
func (*Backend) Name() job.Backend { return job.BackendSAM3D }

// errClosed is the error of a closed backend.
var errClosed = errors.New("the sam3d backend is closed")

// Setup starts a worker and waits until it has loaded the model. A failure is
// not retried.
func (b *Backend) Setup(ctx context.Context) error {
	scratch, err := os.MkdirTemp(b.cfg.Scratch, "gen3d-sam3d-")
	if err != nil {
		return fmt.Errorf("creating a folder for the worker: %w", err)
	}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		_ = os.RemoveAll(scratch)
		return errClosed
	}
	b.scratch = scratch
	a := b.begin()
	b.mu.Unlock()
	select {
	case <-a.done:
		return a.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Healthy returns nil if a worker is ready, or an error that says why none is.
// Objects that arrive meanwhile wait for the next worker.
func (b *Backend) Healthy() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return errClosed
	case b.current != nil && b.current.alive():
		return nil
	case b.last != nil:
		return fmt.Errorf("the worker is being started after %d failed attempts, the last with: %w", b.failures, b.last)
	}
	return errors.New("the worker is being started")
}

// Close stops both processes and deletes their folder. It takes at most two seconds.
func (b *Backend) Close() {
	b.mu.Lock()
	w, a := b.current, b.attempt
	closed := b.closed
	b.closed = true
	b.mu.Unlock()
	if closed {
		return
	}
	b.end(errClosed)
	var exporting sync.WaitGroup
	exporting.Go(b.exporter.close)
	if a != nil {
		<-a.done
	}
	if w != nil {
		w.shutdown(shutdownGrace)
	}
	exporting.Wait()
	if b.scratch != "" {
		_ = os.RemoveAll(b.scratch)
	}
}
