package sweep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"gen3d/internal/bucket"
	"gen3d/internal/telemetry"
)

// Services are what the function works with.
type Services struct {
	Bucket *bucket.Bucket
	// Copier copies objects of the same bucket.
	Copier Copier
	Now    func() time.Time
	// Shuffle puts n things in a random order, as rand.Shuffle does.
	Shuffle func(n int, swap func(i, j int))
	Log     *slog.Logger
	Metrics *telemetry.Metrics
}

// Handler is the function.
type Handler struct {
	config  Config
	bucket  *bucket.Bucket
	copier  Copier
	now     func() time.Time
	shuffle func(n int, swap func(i, j int))
	log     *slog.Logger
	metrics *telemetry.Metrics
}

// New makes the function from a checked configuration.
func New(config Config, s Services) *Handler {
	return &Handler{
		config: config, bucket: s.Bucket, copier: s.Copier,
		now: s.Now, shuffle: s.Shuffle, log: s.Log, metrics: s.Metrics,
	}
}

// atOnce is how many jobs are looked at together.
const atOnce = 8

// Handle sweeps once. A job that cannot be swept keeps none of the others back;
// the error tells of every one.
func (h *Handler) Handle(ctx context.Context) error {
	began := h.now()
	due, pending, err := h.choose(ctx, began)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var faults []error
	done := map[deed]int{}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, p := range due {
		if ctx.Err() != nil {
			break // the time of the function is over; the next run goes on
		}
		group.Go(func() error {
			deed, err := h.sweep(ctx, p)
			if errors.Is(err, bucket.ErrNotFound) {
				deed, err = nothing, nil // deleted meanwhile
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				h.log.ErrorContext(ctx, "a job could not be swept", "jobId", p.Ref.Job, "error", err.Error())
				faults = append(faults, fmt.Errorf("sweeping job %s: %w", p.Ref.Job, err))
				return nil
			}
			done[deed]++
			if deed != nothing {
				h.log.WarnContext(ctx, "swept a job", "jobId", p.Ref.Job, "deed", deed, "marked", p.Marked)
			}
			return nil
		})
	}
	_ = group.Wait()
	h.report(ctx, began, pending, len(due), done, len(faults))
	return errors.Join(faults...)
}

// census is what the markers together tell.
type census struct {
	jobs   int
	oldest time.Time // marker; zero where there is none
}

// choose picks the jobs to look at: those past their life and those that an
// event may be missing for, at most MaxJobs of each. The choice is random, so
// that jobs which stay due, whatever is done, cannot keep the others out for
// good.
func (h *Handler) choose(ctx context.Context, now time.Time) ([]bucket.Pending, census, error) {
	var total census
	var over, stalled []bucket.Pending
	err := h.bucket.EachPending(ctx, func(p bucket.Pending) bool {
		total.jobs++
		if total.oldest.IsZero() || p.Marked.Before(total.oldest) {
			total.oldest = p.Marked
		}
		switch age := now.Sub(p.Marked); {
		case age >= h.config.life():
			over = append(over, p)
		case age >= h.config.stall():
			stalled = append(stalled, p)
		}
		return true
	})
	return append(h.some(over), h.some(stalled)...), total, err
}

func (h *Handler) some(jobs []bucket.Pending) []bucket.Pending {
	if len(jobs) > h.config.MaxJobs {
		h.shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
		jobs = jobs[:h.config.MaxJobs]
	}
	return jobs
}

func (h *Handler) report(ctx context.Context, began time.Time, pending census, looked int, done map[deed]int, faults int) {
	swept := 0
	properties := map[string]any{}
	attributes := []slog.Attr{slog.Int("pending", pending.jobs), slog.Int("lookedAt", looked), slog.Int("faults", faults)}
	for deed, n := range done {
		if deed != nothing {
			swept += n
			properties[string(deed)] = n
			attributes = append(attributes, slog.Int(string(deed), n))
		}
	}
	age := 0.0
	if !pending.oldest.IsZero() {
		age = max(0, began.Sub(pending.oldest).Seconds())
	}
	h.log.LogAttrs(ctx, slog.LevelInfo, "the sweep is done", attributes...)
	h.metrics.Emit(properties,
		telemetry.Metric{Name: "JobsSwept", Unit: telemetry.Count, Value: float64(swept)},
		telemetry.Metric{Name: "PendingJobs", Unit: telemetry.Count, Value: float64(pending.jobs)},
		telemetry.Metric{Name: "OldestPendingSeconds", Unit: telemetry.Seconds, Value: age})
}
