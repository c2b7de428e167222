package sweep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"golang.org/x/sync/errgroup"

	"gen3d/internal/bucket"
)

// run collects the outcome of one sweep.
type run struct {
	log   *slog.Logger
	group errgroup.Group

	mu       sync.Mutex
	done     map[action]int
	faults   []error
	unqueued map[string][]unqueued // by user
}

func newRun(log *slog.Logger) *run {
	r := &run{log: log, done: map[action]int{}, unqueued: map[string][]unqueued{}}
	r.group.SetLimit(atOnce)
	return r
}

// each runs work concurrently, at most [atOnce] at a time. It does nothing
// after the function's time has ended; the next sweep continues.
func (r *run) each(ctx context.Context, work func()) {
	if ctx.Err() != nil {
		return
	}
	r.group.Go(func() error {
		work()
		return nil
	})
}

func (r *run) wait() { _ = r.group.Wait() }

// note records the action for a job. A job that was deleted or replaced in the
// meantime is not an error: the next sweep reads its new state.
func (r *run) note(ctx context.Context, p bucket.Pending, did action, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case errors.Is(err, bucket.ErrNotFound), errors.Is(err, bucket.ErrConflict):
		r.done[nothing]++
	case err != nil:
		r.log.ErrorContext(ctx, "sweeping a job failed", "jobId", p.Ref.Job, "error", err.Error())
		r.faults = append(r.faults, fmt.Errorf("sweeping job %s: %w", p.Ref.Job, err))
	default:
		r.done[did]++
		if did != nothing && did != waiting {
			r.log.WarnContext(ctx, "swept a job", "jobId", p.Ref.Job, "action", did, "marked", p.Marked)
		}
	}
}

// postpone stores a job, if there is one, until all others are processed.
func (r *run) postpone(u *unqueued) {
	if u == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unqueued[u.Ref.User] = append(r.unqueued[u.Ref.User], *u)
}
