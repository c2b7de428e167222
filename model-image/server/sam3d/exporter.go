package sam3d

import (
	"context"
	"errors"
	"fmt"

	"gen3d/internal/telemetry"
	"gen3d/model-image/server"
)

// exporter keeps a process running that writes the files of objects, one at a
// time in the order in which they were made. It is started with the first
// object and after each exit.
type exporter struct {
	cfg Config
	// places limits the objects that wait or are exported, each of which has its
	// arrays in a file of some 100 MB.
	places chan struct{}
	// turn is held by the object that is exported. Blocked senders of a channel are
	// served in their order.
	turn chan struct{}

	current *worker // of the holder of turn; nil before the first
	closed  chan struct{}
}

func newExporter(cfg Config) *exporter {
	return &exporter{cfg: cfg, places: make(chan struct{}, max(cfg.ExportPlaces, 1)), turn: make(chan struct{}, 1), closed: make(chan struct{})}
}

// enter waits for a place; leave returns it. If ctx ends first, the error is its
// cause.
func (e *exporter) enter(ctx context.Context) (leave func(), err error) {
	select {
	case e.places <- struct{}{}:
		return func() { <-e.places }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// write returns the result of an export. If ctx ends, the process is killed. An
// exit of the process fails the object, unless it had not begun with it.
func (e *exporter) write(ctx context.Context, request export) (*result, error) {
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	request.Type = "export"
	for attempt := 1; ; attempt++ {
		w, err := e.process()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", server.ErrExport, err)
		}
		var message any
		begun := false
		if err = w.send(request); err != nil {
			w.kill(err)
		} else {
			message, begun, err = w.await(ctx, request.ID, func(string) {})
		}
		if err != nil {
			switch {
			case ctx.Err() != nil:
				return nil, err
			case begun || attempt > 1:
				return nil, fmt.Errorf("%w: %w", server.ErrExport, err)
			}
			e.cfg.Log.Warn("the exporter exited before it started on the object; sending the object to another one", "run", request.ID, "reason", err.Error())
			continue
		}
		switch m := message.(type) {
		case *result:
			return m, nil
		case *failure:
			return nil, asError(m)
		}
		err = fmt.Errorf("%w: a %T instead of a result", errProtocol, message)
		w.kill(err)
		return nil, fmt.Errorf("%w: %w", server.ErrExport, err)
	}
}

// process returns the running process, or starts one. The caller must hold
// e.turn.
func (e *exporter) process() (*worker, error) {
	select {
	case <-e.closed:
		return nil, errClosed
	default:
	}
	if e.current != nil {
		if e.current.alive() {
			return e.current, nil
		}
		<-e.current.exited // at most one process a time
		e.cfg.Log.Warn("the exporter has exited; starting another", "reason", e.current.why().Error())
		if e.cfg.Metrics != nil {
			e.cfg.Metrics.Emit(nil, telemetry.Metric{Name: "ExporterRestarts", Unit: telemetry.Count, Value: 1})
		}
	}
	w, err := start(e.cfg, e.cfg.Exporter, "exporter")
	if err != nil {
		return nil, err
	}
	e.current = w
	go func() {
		select {
		case <-e.closed:
			w.kill(errClosed)
		case <-w.exited:
		}
	}()
	return w, nil
}

// close kills the process: an object that it exports fails.
func (e *exporter) close() {
	close(e.closed)
	e.turn <- struct{}{} // the export has ended
	defer func() { <-e.turn }()
	if e.current != nil {
		e.current.kill(errors.New("the exporter is closed"))
		<-e.current.exited
	}
}
