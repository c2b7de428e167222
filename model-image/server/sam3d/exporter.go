package sam3d

import (
	"context"
	"errors"
	"fmt"
	"sync"

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

	mu   sync.Mutex
	last <-chan struct{} // closed when the last object in line has left

	current *worker // of the first in line; nil before the first object
	closed  chan struct{}
}

// place is an object's place in the line before the exporter.
type place struct {
	exporter *exporter
	first    <-chan struct{} // closed when no object is before it
	left     chan struct{}
}

func newExporter(cfg Config) *exporter {
	empty := make(chan struct{})
	close(empty)
	return &exporter{cfg: cfg, places: make(chan struct{}, max(cfg.ExportPlaces, 1)), last: empty, closed: make(chan struct{})}
}

// enter waits for a place, which the caller must leave. If ctx ends first, the
// error is its cause.
func (e *exporter) enter(ctx context.Context) (*place, error) {
	select {
	case e.places <- struct{}{}:
		return e.line(), nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// line returns a place at the end of the line.
func (e *exporter) line() *place {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := &place{exporter: e, first: e.last, left: make(chan struct{})}
	e.last = p.left
	return p
}

// leave returns the place. An object that leaves before it was the first keeps
// the ones behind it waiting until those before it have left.
func (p *place) leave() {
	<-p.exporter.places
	select {
	case <-p.first:
		close(p.left)
	default:
		go func() {
			<-p.first
			close(p.left)
		}()
	}
}

// write waits until the object is the first in line, and returns the result of
// its export. If ctx ends, the process is killed. An exit of the process fails
// the object, unless it had not begun with it.
func (p *place) write(ctx context.Context, request export) (*result, error) {
	e := p.exporter
	select {
	case <-p.first:
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

// process returns the running process, or starts one. The caller must be the
// first in line.
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

// close kills the process: the objects in line fail.
func (e *exporter) close() {
	close(e.closed)
	end := e.line()
	defer close(end.left)
	<-end.first // the export has ended
	if e.current != nil {
		e.current.kill(errors.New("the exporter is closed"))
		<-e.current.exited
	}
}
