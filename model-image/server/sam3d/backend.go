package sam3d

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
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

// maxBackoff bounds the pause between attempts to start a worker.
const maxBackoff = time.Minute

// retirePatience is how long a worker may take to end after [Backend.Close].
const retirePatience = 5 * time.Second

// Backend keeps a worker running. It is a [server.Backend].
type Backend struct {
	cfg     Config
	scratch string

	life context.Context // ends with Close
	end  context.CancelCauseFunc

	mu       sync.Mutex
	current  *worker  // the one that is set up; nil where there is none
	attempt  *attempt // to get one, under way
	failures int      // attempts in a row that failed
	runs     int64
	closed   bool
}

var _ server.Backend = (*Backend)(nil)

// attempt is the start of a worker.
type attempt struct {
	done   chan struct{}
	worker *worker
	err    error
}

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

// Setup starts a worker and waits until it has loaded the model.
func (b *Backend) Setup(ctx context.Context) error {
	scratch, err := os.MkdirTemp(b.cfg.Scratch, "gen3d-sam3d-")
	if err != nil {
		return fmt.Errorf("making a folder for the worker: %w", err)
	}
	b.mu.Lock()
	b.scratch = scratch
	b.mu.Unlock()
	_, err = b.worker(ctx)
	return err
}

// worker is the one that is set up. It waits for it; where none is being started
// it starts one.
func (b *Backend) worker(ctx context.Context) (*worker, error) {
	for {
		b.mu.Lock()
		if b.closed {
			b.mu.Unlock()
			return nil, errClosed
		}
		if w := b.current; w != nil && w.alive() {
			b.mu.Unlock()
			return w, nil
		}
		a := b.begin()
		b.mu.Unlock()
		select {
		case <-a.done:
			if a.err != nil {
				return nil, a.err
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// begin starts an attempt, unless one is under way. b.mu is held.
func (b *Backend) begin() *attempt {
	if b.attempt == nil {
		b.attempt = &attempt{done: make(chan struct{})}
		b.current = nil
		go b.try(b.attempt, b.pause())
	}
	return b.attempt
}

// pause before the next attempt: none after a worker that had been set up.
func (b *Backend) pause() time.Duration {
	if b.failures == 0 {
		return 0
	}
	return min(b.cfg.Backoff<<min(b.failures-1, 16), maxBackoff)
}

func (b *Backend) try(a *attempt, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		a.worker, a.err = b.launch()
	case <-b.life.Done():
		a.err = errClosed
	}
	b.mu.Lock()
	b.attempt = nil
	switch {
	case a.err != nil && b.closed:
	case a.err != nil:
		b.failures++
		b.cfg.Log.Error("the worker could not be set up", "error", a.err.Error(), "attempt", b.failures)
	case b.closed:
		a.worker.kill(errClosed)
		a.err = errClosed
	default:
		b.failures = 0
		b.current = a.worker
		go b.watch(a.worker)
	}
	b.mu.Unlock()
	close(a.done)
}

// launch starts a worker and waits until it is set up.
func (b *Backend) launch() (*worker, error) {
	ctx, cancel := context.WithTimeoutCause(b.life, b.cfg.SetupTimeout,
		fmt.Errorf("the worker has not loaded the model within %s", b.cfg.SetupTimeout))
	defer cancel()
	w, err := start(b.cfg)
	if err != nil {
		return nil, err
	}
	err = w.send(setup{
		Type: "setup", Protocol: ProtocolVersion, Weights: b.cfg.Weights, Scratch: b.scratch,
		DINOv2: b.cfg.DINOv2, MinimumGPUBytes: b.cfg.MinimumGPUBytes,
	})
	if err != nil {
		w.kill(err)
		return nil, err
	}
	message, err := w.next(ctx)
	if err != nil {
		return nil, err
	}
	switch m := message.(type) {
	case *ready:
		if m.Protocol == ProtocolVersion {
			b.cfg.Log.Info("worker ready", "pid", m.PID, "gpu", m.GPU.Name, "gpuBytes", m.GPU.TotalBytes,
				"versions", m.Versions, "setupMs", m.SetupMs)
			return w, nil
		}
		err = fmt.Errorf("the worker speaks version %d of the protocol, the server %d; build both from one commit", m.Protocol, ProtocolVersion)
	case *failure:
		err = errors.New(m.Message) // it says what to do
	default:
		err = fmt.Errorf("%w: a %T before it was ready", errGarbage, m)
	}
	w.kill(err)
	return nil, err
}

// watch starts the next worker as soon as this one has ended, so that loading
// does not wait for the next object.
func (b *Backend) watch(w *worker) {
	<-w.gone
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || (b.current != nil && b.current != w) {
		return
	}
	b.cfg.Log.Warn("the worker has ended; another is started", "reason", w.why().Error())
	b.begin()
}

// Reconstruct hands the object to the worker.
func (b *Backend) Reconstruct(ctx context.Context, in server.Input) (*server.Output, error) {
	if _, err := b.worker(ctx); err != nil {
		return nil, err // before anything is written for it
	}
	b.mu.Lock()
	b.runs++
	id := strconv.FormatInt(b.runs, 10) + "-" + strconv.Itoa(in.Object.Index)
	b.mu.Unlock()
	folder, err := os.MkdirTemp(b.scratch, "object-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the object: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	request, err := pack(ctx, folder, id, in)
	if err != nil {
		return nil, err
	}
	made, err := b.make(ctx, request, in)
	if err != nil {
		return nil, err
	}
	b.measure(made)
	return unpack(made, folder, in.Formats)
}

// make has the request done. A worker may end just as it is handed the object:
// where it has not even said that it began, another one gets it, once.
func (b *Backend) make(ctx context.Context, request *run, in server.Input) (*result, error) {
	w, err := b.hand(ctx, request)
	if err != nil {
		return nil, err
	}
	made, begun, err := b.await(ctx, w, request.ID, in)
	if err == nil || begun || ctx.Err() != nil {
		return made, err
	}
	b.cfg.Log.Warn("the worker ended before it began; another gets the object", "run", request.ID, "reason", err.Error())
	if w, err = b.hand(ctx, request); err != nil {
		return nil, err
	}
	made, _, err = b.await(ctx, w, request.ID, in)
	return made, err
}

// hand gives the request to a worker. One that cannot take it has ended while it
// had nothing to do, which is not the object's fault: the next one gets it.
func (b *Backend) hand(ctx context.Context, request *run) (*worker, error) {
	for {
		w, err := b.worker(ctx)
		if err != nil {
			return nil, err
		}
		if err = w.send(request); err == nil {
			return w, nil
		}
		w.kill(err)
	}
}

// await follows the run to its end, and tells whether the worker has said anything.
func (b *Backend) await(ctx context.Context, w *worker, id string, in server.Input) (made *result, begun bool, err error) {
	for {
		message, err := w.next(ctx)
		if err != nil {
			return nil, begun, err
		}
		begun = true
		switch m := message.(type) {
		case *progress:
			if m.ID == id {
				report(in.Stage, m.Stage)
			}
			continue
		case *result:
			if m.ID == id {
				return m, true, nil
			}
		case *failure:
			if m.ID != nil && *m.ID == id {
				if m.Fatal {
					w.kill(errors.New(m.Message))
				}
				return nil, true, asError(m)
			}
		}
		err = fmt.Errorf("%w: a %T that belongs to no run in hand", errGarbage, message)
		w.kill(err)
		return nil, true, err
	}
}

// report passes on a stage of the worker's as the job's, which are fewer.
func report(stage func(job.Stage), name string) {
	switch name {
	case "mask": // an object comes to the backend in it, and a second try has no stage of its own
	case "export":
		stage(job.StageExport)
	default:
		stage(job.StageReconstruct)
	}
}

// asError is the failure as the server takes it.
func asError(m *failure) error {
	switch m.Code {
	case "object_not_found":
		return &job.Failure{Code: job.CodeNoObject, Message: m.Message}
	case "out_of_memory":
		return fmt.Errorf("%w: %s", server.ErrOutOfMemory, m.Message)
	}
	return fmt.Errorf("the worker reports %s: %s", m.Code, m.Message)
}

// measure emits the worker's own figures.
func (b *Backend) measure(made *result) {
	b.cfg.Log.Info("object made", "run", made.ID, "timing", made.Timing, "mask", made.Mask.Source, "maskShare", made.Mask.Share,
		"peakBytes", made.Memory.PeakBytes, "reduced", made.Reduced, "vertices", made.Mesh.Vertices)
	if b.cfg.Metrics == nil {
		return
	}
	reduced := 0.0
	if made.Reduced {
		reduced = 1
	}
	metrics := []telemetry.Metric{
		{Name: "GpuPeakBytes", Unit: telemetry.Bytes, Value: float64(made.Memory.PeakBytes)},
		{Name: "GpuReservedBytes", Unit: telemetry.Bytes, Value: float64(made.Memory.ReservedBytes)},
		{Name: "ReducedSettings", Unit: telemetry.Count, Value: reduced},
	}
	for stage, name := range stageMetrics {
		if ms, ok := made.Timing[stage]; ok {
			metrics = append(metrics, telemetry.Metric{Name: name, Unit: telemetry.Milliseconds, Value: float64(ms)})
		}
	}
	b.cfg.Metrics.Emit(map[string]any{"run": made.ID}, metrics...)
}

// stageMetrics names the metrics of the stages that only this backend has.
var stageMetrics = map[string]string{
	"depth": "DepthMs", "sparse_structure": "SparseStructureMs", "latents": "LatentsMs", "decode": "DecodeMs", "layout": "LayoutMs",
}

// Healthy tells why no object could be made right now, or nil.
func (b *Backend) Healthy() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return errClosed
	case b.current == nil || !b.current.alive():
		return errors.New("the worker is being started")
	}
	return nil
}

// Close ends the worker and deletes its folder. It waits a few seconds at most.
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
