package notify

import (
	"context"
	"errors"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

const defaultLearnTimeout = 5 * time.Second

// learn records how long the object took, unless it failed, and, if it is the
// first one of an instance, how long the instance's start took ([job.Times]).
// The job does not depend on it: a failure is logged, and the times of other
// objects follow.
func (h *Handler) learn(ctx context.Context, key job.OutputKey) {
	ctx, cancel := context.WithTimeout(ctx, h.learnTimeout)
	defer cancel()
	if err := h.revise(ctx, key); err != nil {
		h.log.InfoContext(ctx, "the object's times are not recorded", "jobId", key.Job, "object", key.Number, "error", err.Error())
	}
}

func (h *Handler) revise(ctx context.Context, key job.OutputKey) error {
	result, err := h.bucket.Result(ctx, key.Ref, key.Number)
	if errors.Is(err, bucket.ErrNotFound) { // the job was deleted
		return nil
	}
	if err != nil {
		return err
	}
	return h.bucket.ReviseTimes(ctx, func(times *job.Times) (bool, error) {
		took := times.Took(result)
		if times.AskedAt.IsZero() { // as for most objects
			return took, nil
		}
		began, err := h.began(ctx, key, times)
		return took || began, err
	})
}

// began closes the open start if the object is of its instance, and reports
// whether it did.
func (h *Handler) began(ctx context.Context, key job.OutputKey, times *job.Times) (bool, error) {
	queued, err := h.bucket.Queued(ctx, key.Ref, key.Number)
	if errors.Is(err, bucket.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	progress, err := h.bucket.Progress(ctx, key.Ref, key.Number)
	if errors.Is(err, bucket.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return times.Began(queued.QueuedAt, progress.StartedAt), nil
}
