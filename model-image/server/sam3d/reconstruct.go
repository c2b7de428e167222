package sam3d

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"gen3d/internal/job"
	"gen3d/model-image/server"
)

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
	if _, err := Frame(request); err != nil {
		return nil, err // no worker could take it
	}
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
