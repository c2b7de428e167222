package api

import (
	"context"
	"sync"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/instances"
	"gen3d/internal/job"
)

// waiting is what a queued job waits for.
type waiting struct {
	Reason       waitReason `json:"reason"`
	ObjectsAhead int        `json:"objectsAhead"`
	// EstimatedSeconds is how long until the job's first object starts, or nil
	// if nothing is known about it.
	EstimatedSeconds *int `json:"estimatedSeconds,omitempty"`
}

type waitReason string

const (
	waitInstance waitReason = "instance" // no instance serves requests yet
	waitJobs     waitReason = "jobs"     // objects of earlier jobs come first
)

const defaultWaitTimeout = 3 * time.Second

// waiting returns what a job waits for, or nil if nothing delays it. A failure
// to find out is logged: the job can be shown without it.
func (h *Handler) waiting(ctx context.Context, snapshot *job.Snapshot) *waiting {
	ctx, cancel := context.WithTimeout(ctx, h.waitTimeout)
	defer cancel()
	found, err := h.findWaiting(ctx, snapshot)
	if err != nil {
		h.log.WarnContext(ctx, "what the job waits for is not known", "jobId", snapshot.Ref.Job, "error", err.Error())
		return nil
	}
	return found
}

func (h *Handler) findWaiting(ctx context.Context, snapshot *job.Snapshot) (*waiting, error) {
	status, err := h.instances.Status(ctx)
	if err != nil || status.State == instances.Missing {
		return nil, err
	}
	queue, err := h.queue.read(ctx)
	if err != nil {
		return nil, err
	}
	found := &waiting{Reason: waitInstance, ObjectsAhead: queue.backlog.Ahead(snapshot)}
	if status.State == instances.Running {
		if found.ObjectsAhead == 0 {
			return nil, nil
		}
		found.Reason = waitJobs
	}
	if h.waitsForAlarm(status, snapshot, queue) {
		queue.times = h.openStart(ctx, snapshot, queue.times)
	}
	if wait, ok := h.estimate(status, found.ObjectsAhead, queue); ok {
		seconds := int((wait + time.Second - 1) / time.Second)
		found.EstimatedSeconds = &seconds
	}
	return found, nil
}

// Limits on the wait for a place: a request costs several of S3, and a user who
// deletes a job has a place at once.
const (
	leastPlaceWait = 5 * time.Second
	mostPlaceWait  = time.Minute
)

// placeIn estimates how long until one of the user's unfinished jobs can be
// done: a start, if the endpoint is starting, and one object. It is 0 if nothing
// is known about that.
func (h *Handler) placeIn(ctx context.Context) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, h.waitTimeout)
	defer cancel()
	status, err := h.instances.Status(ctx)
	if err != nil || status.State == instances.Missing {
		return 0
	}
	times, err := h.bucket.Times(ctx)
	if err != nil {
		return 0
	}
	wait, ok := h.estimate(status, 1, queueView{backlog: &bucket.Backlog{}, times: times})
	if !ok {
		return 0
	}
	return min(max(wait, leastPlaceWait), mostPlaceWait)
}

// estimate returns how long until a job's first object starts. Objects are
// assumed to be distributed evenly over the instances that serve now.
func (h *Handler) estimate(status instances.Status, ahead int, queue queueView) (wait time.Duration, ok bool) {
	if queue.backlog.Partial {
		return 0, false
	}
	if status.State != instances.Running {
		// If the functions ask for instances and none has been asked for, an
		// open start is that of an earlier instance.
		if status.State != instances.Starting && h.config.Wake.Submit() {
			return 0, false
		}
		if wait, ok = queue.times.StartsIn(h.now()); !ok {
			return 0, false
		}
	}
	if ahead == 0 {
		return wait, true
	}
	each, ok := queue.times.Object()
	return wait + each*time.Duration(ahead)/time.Duration(max(1, status.Serving)), ok
}

// waitsForAlarm reports whether only the alarm can start an instance for the
// job, and no start is open.
func (h *Handler) waitsForAlarm(status instances.Status, snapshot *job.Snapshot, queue queueView) bool {
	return !h.config.Wake.Submit() && status.State == instances.Stopped && len(snapshot.Queued) > 0 && !queue.times.Opened(h.now())
}

// openStart opens a start at the time at which the job was queued, as
// [job.Times] describes, and returns the stored times.
func (h *Handler) openStart(ctx context.Context, snapshot *job.Snapshot, times *job.Times) *job.Times {
	stored := times
	err := h.bucket.ReviseTimes(ctx, func(times *job.Times) (bool, error) {
		stored = times
		if times.Opened(h.now()) { // by a request for another job
			return false, nil
		}
		times.Asked(snapshot.QueuedAt)
		return times.Opened(h.now()), nil // unless the job has waited for longer than a start can take
	})
	if err != nil {
		h.log.WarnContext(ctx, "the start of the instance is not recorded; nobody is told how long it takes", "error", err.Error())
		return times
	}
	h.queue.replace(stored)
	return stored
}

// queueFor is how long a view of the queue is reused, so that pages that poll
// do not multiply the requests to S3.
const queueFor = 5 * time.Second

// queueReader reads the queue for all requests of this instance of the function.
type queueReader struct {
	bucket *bucket.Bucket
	now    func() time.Time

	mu     sync.Mutex
	view   queueView
	readAt time.Time // zero if there is no view
}

// queueView is what is known about the endpoint's queue. It is not changed once
// it is read.
type queueView struct {
	backlog *bucket.Backlog
	times   *job.Times
}

func (q *queueReader) read(ctx context.Context) (queueView, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if age := q.now().Sub(q.readAt); !q.readAt.IsZero() && age >= 0 && age < queueFor {
		return q.view, nil
	}
	backlog, err := q.bucket.Backlog(ctx)
	if err != nil {
		return queueView{}, err
	}
	times, err := q.bucket.Times(ctx)
	if err != nil {
		return queueView{}, err
	}
	q.view, q.readAt = queueView{backlog: backlog, times: times}, q.now()
	return q.view, nil
}

// replace replaces the times of the view.
func (q *queueReader) replace(times *job.Times) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.view.times = times
}
