package sweep

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// unqueued is a job with objects that were never queued at the endpoint: it
// waits for a place among its user's unfinished jobs, or the run of Extract
// that should have queued them has failed.
type unqueued struct {
	bucket.Pending
	manifest *job.Manifest
	snapshot *job.Snapshot
}

// sweepUnqueued gives free places to a user's waiting jobs, oldest first, and
// sends the photo's event of each job with a place to Extract again.
func (h *Handler) sweepUnqueued(ctx context.Context, run *run, user string, jobs []unqueued) {
	slices.SortFunc(jobs, func(a, b unqueued) int { return strings.Compare(string(b.Ref.Job), string(a.Ref.Job)) }) // IDs sort newest first
	ids := make([]job.ID, len(jobs))
	for i, u := range jobs {
		ids[i] = u.Ref.Job
	}
	places, err := h.bucket.Claim(ctx, user, ids, h.config.Limits.MaxUnfinished, h.now())
	for _, u := range jobs {
		did, fault := nothing, err
		if since, ok := places[u.Ref.Job]; ok {
			did, fault = h.start(ctx, u, since)
		} else if err == nil {
			did, fault = h.keepWaiting(ctx, u)
		}
		run.note(ctx, u.Pending, did, fault)
	}
}

// start sends the event of a job that got its place at since to Extract again.
// It stops when since is older than a request can be. The job then ends as soon
// as the last request that Extract can have made has ended as well.
func (h *Handler) start(ctx context.Context, u unqueued, since time.Time) (action, error) {
	switch now := h.now(); {
	case now.Sub(since) < h.config.life():
		did, err := h.resendPhoto(ctx, u.Ref.Job, u.manifest.Source.Key)
		if errors.Is(err, bucket.ErrNotFound) {
			return ended, h.end(ctx, u.manifest, u.snapshot, *job.PhotoDeleted())
		}
		return did, err
	case now.Sub(u.Marked) < h.config.life():
		return nothing, nil
	}
	return ended, h.end(ctx, u.manifest, u.snapshot, abandoned)
}

// keepWaiting does nothing for a job without a place until it has waited too
// long.
func (h *Handler) keepWaiting(ctx context.Context, u unqueued) (action, error) {
	if h.now().Sub(u.Ref.Job.Created()) < h.config.wait() {
		return waiting, nil
	}
	return ended, h.end(ctx, u.manifest, u.snapshot, *job.Invalid(job.CodeQuota,
		"The photo waited for %d days, because you had %d other unfinished jobs, which is the limit. Send it again when some of them are done.",
		max(1, h.config.WaitSeconds/86400), h.config.Limits.MaxUnfinished))
}
