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

// Reconstruct sends the object to the worker and returns its files.
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
	made, err := b.process(ctx, request, in)
	if err != nil {
		return nil, err
	}
	b.measure(made)
	return unpack(made, folder, in.Formats)
}

// process sends the request to a worker and waits for its result. If the worker
// exits before it reports anything, the request is sent to another worker,
// once.
func (b *Backend) process(ctx context.Context, request *run, in server.Input) (*result, error) {
	w, err := b.send(ctx, request)
	if err != nil {
		return nil, err
	}
	made, begun, err := b.await(ctx, w, request.ID, in)
	if err == nil || begun || ctx.Err() != nil {
		return made, err
	}
	b.cfg.Log.Warn("the worker exited before it started on the object; sending the object to another worker", "run", request.ID, "reason", err.Error())
	if w, err = b.send(ctx, request); err != nil {
		return nil, err
	}
	made, _, err = b.await(ctx, w, request.ID, in)
	return made, err
}

// send sends the request to a worker and returns that worker. A worker that
// cannot receive it exited while idle, so send tries the next one.
func (b *Backend) send(ctx context.Context, request *run) (*worker, error) {
	if _, err := Frame(request); err != nil {
		return nil, err // no worker could receive it
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

// await waits for the end of the run. begun reports whether the worker has sent
// any message.
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
		err = fmt.Errorf("%w: a %T for another run", errProtocol, message)
		w.kill(err)
		return nil, true, err
	}
}

// report maps a stage of the worker to one of the job, which has fewer, and
// reports it.
func report(stage func(job.Stage), name string) {
	switch name {
	case "mask": // already entered; a second attempt is not reported
	case "export":
		stage(job.StageExport)
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
	}
	return fmt.Errorf("the worker reports %s: %s", m.Code, m.Message)
}
