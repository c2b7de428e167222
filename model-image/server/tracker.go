package server

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"gen3d/internal/job"
)

// progressGap is the minimum time between two writes of an object's progress.
// Shorter stages appear only in the result's timing.
const progressGap = 250 * time.Millisecond

// tracker measures the stages of one object and writes its progress to the
// bucket in the background.
type tracker struct {
	now   func() time.Time
	write func(context.Context, job.Progress) error
	log   *slog.Logger

	mu       sync.Mutex
	progress job.Progress // of the current stage
	running  bool         // false while paused
	since    time.Time
	spent    map[job.Stage]time.Duration
	stopped  bool

	changed chan struct{} // has a token when there is progress to write
	stop    chan struct{}
	done    chan struct{}
}

// track starts a tracker in the first stage, whose progress is always written.
func track(ctx context.Context, first job.Progress, now func() time.Time, log *slog.Logger, write func(context.Context, job.Progress) error) *tracker {
	t := &tracker{
		now: now, write: write, log: log,
		progress: first, running: true, since: now(), spent: map[job.Stage]time.Duration{},
		changed: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	t.changed <- struct{}{}
	go t.writeAll(ctx)
	return t
}

// enter starts a stage.
func (t *tracker) enter(stage job.Stage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return // the backend runs on after its timeout
	}
	t.count()
	t.running = true
	if stage == t.progress.Stage {
		return
	}
	t.progress.Stage, t.progress.StageAt = stage, t.since.UTC()
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// pause stops the clock until the next stage begins.
func (t *tracker) pause() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count()
	t.running = false
}

// count adds the time since the last change to the current stage.
func (t *tracker) count() {
	now := t.now()
	if t.running {
		t.spent[t.progress.Stage] += now.Sub(t.since)
	}
	t.since = now
}

// finish ends the last stage and returns the duration of each. No progress is
// written after it returns.
func (t *tracker) finish() map[job.Stage]time.Duration {
	t.mu.Lock()
	if !t.stopped {
		t.count()
		t.stopped = true
		close(t.stop)
	}
	t.mu.Unlock()
	<-t.done
	return t.spent
}

func (t *tracker) writeAll(ctx context.Context) {
	defer close(t.done)
	for first := true; ; first = false {
		if !first {
			select {
			case <-t.stop:
				return
			case <-t.changed:
			}
		} else {
			<-t.changed
		}
		t.mu.Lock()
		progress := t.progress
		t.mu.Unlock()
		if err := t.write(ctx, progress); err != nil && ctx.Err() == nil {
			t.log.WarnContext(ctx, "progress not written", "stage", string(progress.Stage), "error", err)
		}
		gap := time.NewTimer(progressGap)
		select {
		case <-t.stop:
			gap.Stop()
			return
		case <-gap.C:
		}
	}
}
