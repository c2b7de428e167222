package sam3d

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"gen3d/internal/job"
	"gen3d/model-image/server"
)

// Reconstruct sends the object to the worker, which has the GPU, and what it has
// made to the exporter, which writes the files. When the exporter has a place
// for the object, the worker can take the next one.
func (b *Backend) Reconstruct(ctx context.Context, in server.Input) (*server.Output, error) {
	if _, err := b.worker(ctx); err != nil {
		return nil, err // before writing the pictures
	}
	b.mu.Lock()
	b.runs++
	id := strconv.FormatInt(b.runs, 10) + "-" + strconv.Itoa(in.Object.Index)
	b.mu.Unlock()
	folder, err := os.MkdirTemp(b.scratch, "object-")
	if err != nil {
		return nil, fmt.Errorf("creating a folder for the object: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	request, err := pack(ctx, folder, id, in)
	if err != nil {
		return nil, err
	}
	object, err := b.process(ctx, request, in)
	if err != nil {
		return nil, err
	}
	b.measure(object)
	if filepath.Dir(object.Path) != folder {
		return nil, fmt.Errorf("%w: the object is in another folder", errProtocol)
	}
	// The photo has 200 MB at most and is not needed any longer.
	_ = os.Remove(request.Photo.Path)
	in.Stage(job.StageExport)
	place, err := b.exporter.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer place.leave()
	if b.cfg.ExportPlaces > 0 {
		in.Next()
	}
	written, err := place.write(ctx, export{run: *request, Made: object.Path})
	if err != nil {
		return nil, err
	}
	b.measureExport(written)
	return unpack(object, written, folder, in.Formats)
}

// process sends the request to a worker and waits until the object is made. If
// the worker exits before it reports anything, the request is sent to another
// worker, once.
func (b *Backend) process(ctx context.Context, request *run, in server.Input) (*made, error) {
	if _, err := Frame(request); err != nil {
		return nil, err // no worker could receive it
	}
	for attempt := 1; ; attempt++ {
		w, err := b.send(ctx, request)
		if err != nil {
			return nil, err
		}
		message, begun, err := w.await(ctx, request.ID, func(stage string) { report(in.Stage, stage) })
		if err != nil {
			if begun || attempt > 1 || ctx.Err() != nil {
				return nil, err
			}
			b.cfg.Log.Warn("the worker exited before it started on the object; sending the object to another worker", "run", request.ID, "reason", err.Error())
			continue
		}
		switch m := message.(type) {
		case *made:
			return m, nil
		case *failure:
			return nil, asError(m)
		}
		err = fmt.Errorf("%w: a %T instead of made", errProtocol, message)
		w.kill(err)
		return nil, err
	}
}

// send sends the request to a worker and returns that worker. A worker that
// cannot receive it exited while idle, so send tries the next one.
func (b *Backend) send(ctx context.Context, request *run) (*worker, error) {
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

// report maps a stage of the worker to one of the job, which has fewer, and
// reports it.
func report(stage func(job.Stage), name string) {
	switch name {
	case "mask": // already entered; a second attempt is not reported
	default:
		stage(job.StageReconstruct)
	}
}

// asError converts the worker's failure to an error for the server.
func asError(m *failure) error {
	switch m.Code {
	case "object_not_found":
		return &job.Failure{Code: job.CodeNoObject, Message: m.Message}
	case "out_of_memory":
		return fmt.Errorf("%w: %s", server.ErrOutOfMemory, m.Message)
	case "export_failed":
		return fmt.Errorf("%w: %s", server.ErrExport, m.Message)
	}
	return fmt.Errorf("the worker reports %s: %s", m.Code, m.Message)
}
