package sweep

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
)

// Services are the clients and settings that the handler uses.
type Services struct {
	Bucket *bucket.Bucket
	Now    func() time.Time
	// Shuffle randomizes the order of n elements, as rand.Shuffle does.
	Shuffle func(n int, swap func(i, j int))
	Log     *slog.Logger
	Metrics *telemetry.Metrics
}

// Handler sweeps the unfinished jobs.
type Handler struct {
	config  Config
	bucket  *bucket.Bucket
	now     func() time.Time
	shuffle func(n int, swap func(i, j int))
	log     *slog.Logger
	metrics *telemetry.Metrics
}

// New returns a handler for a validated configuration.
func New(config Config, s Services) *Handler {
	return &Handler{
		config: config, bucket: s.Bucket,
		now: s.Now, shuffle: s.Shuffle, log: s.Log, metrics: s.Metrics,
	}
}

// atOnce is how many jobs are processed concurrently.
const atOnce = 8

// Handle sweeps once. A failure for one job does not affect the others; the
// error joins all failures. Jobs with objects that were never queued come last,
// grouped by user, because they share the user's places.
func (h *Handler) Handle(ctx context.Context) error {
	began := h.now()
	due, pending, err := h.choose(ctx, began)
	if err != nil {
		return err
	}
	run := newRun(h.log)
	for _, p := range due {
		run.each(ctx, func() {
			did, left, err := h.sweep(ctx, p)
			run.note(ctx, p, did, err)
			run.postpone(left)
		})
	}
	run.wait()
	for user, jobs := range run.unqueued {
		run.each(ctx, func() { h.sweepUnqueued(ctx, run, user, jobs) })
	}
	run.wait()
	if ctx.Err() == nil {
		if err := h.bucket.ForgetClaims(ctx, began.Add(-job.ClaimsLife)); err != nil {
			run.faults = append(run.faults, err)
		}
	}
	h.report(ctx, began, pending, len(due), run)
	return errors.Join(run.faults...)
}

// backlog describes all pending jobs.
type backlog struct {
	jobs   int
	oldest time.Time // time of the oldest marker; zero if there is none
}

// choose returns the jobs to process: those older than a request can be, and
// those of which an event may be lost, at most MaxJobs of each.
func (h *Handler) choose(ctx context.Context, now time.Time) ([]bucket.Pending, backlog, error) {
	var total backlog
	var expired, stalled []bucket.Pending
	err := h.bucket.EachPending(ctx, func(p bucket.Pending) bool {
		total.jobs++
		if total.oldest.IsZero() || p.Marked.Before(total.oldest) {
			total.oldest = p.Marked
		}
		switch age := now.Sub(p.Marked); {
		case age >= h.config.life():
			expired = append(expired, p)
		case age >= h.config.stall():
			stalled = append(stalled, p)
		}
		return true
	})
	return append(h.sample(expired), h.sample(stalled)...), total, err
}

// sample returns MaxJobs of the jobs, of every user about as many: those of one
// user, such as thousands that wait for a place, do not exclude those of others.
// Otherwise the choice is random, so that jobs which stay due after every run do
// not exclude the others forever.
func (h *Handler) sample(jobs []bucket.Pending) []bucket.Pending {
	if len(jobs) <= h.config.MaxJobs {
		return jobs
	}
	h.shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
	var rounds [][]bucket.Pending // with at most one job of each user
	taken := map[string]int{}
	for _, p := range jobs {
		n := taken[p.Ref.User]
		taken[p.Ref.User]++
		if n == len(rounds) {
			rounds = append(rounds, nil)
		}
		rounds[n] = append(rounds[n], p)
	}
	return slices.Concat(rounds...)[:h.config.MaxJobs]
}

func (h *Handler) report(ctx context.Context, began time.Time, pending backlog, examined int, run *run) {
	swept := 0
	properties := map[string]any{}
	attributes := []slog.Attr{slog.Int("pending", pending.jobs), slog.Int("examined", examined), slog.Int("faults", len(run.faults))}
	for did, n := range run.done {
		if did != nothing {
			if did != waiting {
				swept += n
			}
			properties[string(did)] = n
			attributes = append(attributes, slog.Int(string(did), n))
		}
	}
	age := 0.0
	if !pending.oldest.IsZero() {
		age = max(0, began.Sub(pending.oldest).Seconds())
	}
	h.log.LogAttrs(ctx, slog.LevelInfo, "the sweep is done", attributes...)
	h.metrics.Emit(properties,
		telemetry.Metric{Name: "JobsSwept", Unit: telemetry.Count, Value: float64(swept)},
		telemetry.Metric{Name: "JobsWaiting", Unit: telemetry.Count, Value: float64(run.done[waiting])},
		telemetry.Metric{Name: "PendingJobs", Unit: telemetry.Count, Value: float64(pending.jobs)},
		telemetry.Metric{Name: "OldestPendingSeconds", Unit: telemetry.Seconds, Value: age})
}
