package sam3d

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gen3d/internal/telemetry"
)

// maxBackoff is the maximum delay between attempts to start a worker.
const maxBackoff = time.Minute

// attempt is one attempt to start a worker.
type attempt struct {
	done   chan struct{}
	worker *worker
	err    error
}

// worker returns the worker that is ready, or waits for one until ctx ends, so
// that the exit of one worker does not fail the next object.
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
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), b.Healthy())
		}
	}
}

// begin returns the current attempt, or starts one. The caller must hold b.mu.
func (b *Backend) begin() *attempt {
	if b.attempt == nil {
		b.attempt = &attempt{done: make(chan struct{})}
		b.current = nil
		go b.try(b.attempt, b.pause())
	}
	return b.attempt
}

// pause returns the delay before the next attempt: zero unless the last one
// failed.
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
		b.last = a.err
		b.cfg.Log.Error("the worker could not be set up", "error", a.err.Error(), "attempt", b.failures)
		if b.worked {
			// Retry without waiting for an object: none may arrive while the ping fails.
			b.begin()
		}
	case b.closed:
		a.worker.kill(errClosed)
		a.err = errClosed
	default:
		b.failures, b.last, b.worked = 0, nil, true
		b.current = a.worker
		go b.watch(a.worker)
	}
	b.mu.Unlock()
	close(a.done)
}

// launch starts a worker and waits until it is ready.
func (b *Backend) launch() (*worker, error) {
	ctx, cancel := context.WithTimeoutCause(b.life, b.cfg.SetupTimeout,
		fmt.Errorf("the worker has not loaded the model within %s", b.cfg.SetupTimeout))
	defer cancel()
	w, err := start(b.cfg, b.cfg.Command, "worker")
	if err != nil {
		return nil, err
	}
	err = w.send(setup{
		Type: "setup", Protocol: ProtocolVersion, Weights: b.cfg.Weights, Scratch: b.scratch,
		DINOv2: b.cfg.DINOv2, MinimumGPUBytes: b.cfg.MinimumGPUBytes, DistilledSteps: b.cfg.DistilledSteps,
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
				"versions", m.Versions, "setupMs", m.SetupMs, "setup", m.Setup)
			b.emit(nil, telemetry.Metric{Name: "WorkerSetupMs", Unit: telemetry.Milliseconds, Value: float64(m.SetupMs)})
			return w, nil
		}
		err = fmt.Errorf("the worker uses protocol version %d, the server version %d; build both from the same commit", m.Protocol, ProtocolVersion)
	case *failure:
		err = errors.New(m.Message) // it says what to do
	default:
		err = fmt.Errorf("%w: a %T instead of ready", errProtocol, m)
	}
	w.kill(err)
	return nil, err
}

// watch starts the next worker when this one exits, so that the model is loaded
// before the next object arrives.
func (b *Backend) watch(w *worker) {
	<-w.exited
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.cfg.Log.Warn("the worker has exited; starting another", "reason", w.why().Error())
	b.emit(nil, telemetry.Metric{Name: "WorkerRestarts", Unit: telemetry.Count, Value: 1})
	if b.current == nil || b.current == w { // else an object was faster, and has already started it
		b.begin()
	}
}
