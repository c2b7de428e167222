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

// Config says how the worker is run.
type Config struct {
	// Command runs the worker, such as python3 -m worker.
	Command []string
	// Directory is where Command runs: the one that holds the package worker.
	Directory string
	// Environment is added to the server's own, as NAME=value.
	Environment []string
	// Weights is the model folder, laid out as worker/weights.py says.
	Weights string
	// DINOv2 is the folder with the code of facebookresearch/dinov2.
	DINOv2 string
	// Scratch is where folders for objects are made. A photo takes four bytes a
	// pixel there. Empty is the system's folder for temporary files.
	Scratch string
	// MinimumGPUBytes refuses GPUs with less memory; 0 takes any.
	MinimumGPUBytes int64
	// SetupTimeout bounds a worker's loading of the weights.
	SetupTimeout time.Duration
	// Backoff is the pause before a second attempt in a row to start a worker; it
	// doubles up to a minute.
	Backoff time.Duration
	Log     *slog.Logger
	// Metrics takes the GPU's figures; nil for none.
	Metrics Metrics
}

// Metrics emits figures.
type Metrics interface {
	Emit(properties map[string]any, metrics ...telemetry.Metric)
}

// retirePatience is how long a worker may take to end after [Backend.Close]. With
// the drain before it that makes less than the 30 seconds until SIGKILL.
const retirePatience = time.Second

// Backend keeps a worker running. It is a [server.Backend] and tells its health.
type Backend struct {
	cfg     Config
	scratch string

	life context.Context // ends with Close
	end  context.CancelCauseFunc

	mu       sync.Mutex
	current  *worker  // the one that is set up; nil where there is none
	attempt  *attempt // to get one, under way
	worked   bool     // there has been one
	failures int      // attempts in a row that failed
	last     error    // of the attempt that failed last, while there is no worker
	runs     int64
	closed   bool
}

var (
	_ server.Backend        = (*Backend)(nil)
	_ server.HealthReporter = (*Backend)(nil)
)

// New makes the backend; nothing runs before Setup.
func New(cfg Config) *Backend {
	b := &Backend{cfg: cfg}
	b.life, b.end = context.WithCancelCause(context.Background())
	return b
}

// Name is sam3d.
func (*Backend) Name() job.Backend { return job.BackendSAM3D }

// errClosed is what a closed backend says.
var errClosed = errors.New("the sam3d backend is closed")

// Setup starts a worker and waits until it has loaded the model. Where that fails
// it is not tried again.
func (b *Backend) Setup(ctx context.Context) error {
	scratch, err := os.MkdirTemp(b.cfg.Scratch, "gen3d-sam3d-")
	if err != nil {
		return fmt.Errorf("making a folder for the worker: %w", err)
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

// Healthy tells why no object can be made right now, or nil. Objects that come
// all the same wait for the next worker.
func (b *Backend) Healthy() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return errClosed
	case b.current != nil && b.current.alive():
		return nil
	case b.last != nil:
		return fmt.Errorf("the worker is being started, after %d attempts that failed, the last because %w", b.failures, b.last)
	}
	return errors.New("the worker is being started")
}

// Close ends the worker and deletes its folder. It waits a second or two at most.
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
	if a != nil {
		<-a.done
	}
	if w != nil {
		w.retire(retirePatience)
	}
	if b.scratch != "" {
		_ = os.RemoveAll(b.scratch)
	}
}
