package api

import (
	"context"
	"errors"
	"net/http"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// start starts a job of an earlier job's photo once its masks are uploaded, by
// copying the photo. It does nothing if the photo is there already.
func (h *Handler) start(ctx context.Context, req *request) (*response, error) {
	started := &response{status: http.StatusNoContent}
	snapshot, err := h.bucket.Snapshot(ctx, req.job)
	switch {
	case err != nil:
		return nil, err
	case snapshot.Empty():
		return nil, noSuchJob()
	case snapshot.Manifest:
		return started, nil
	}
	u, err := h.bucket.Upload(ctx, req.job)
	if errors.Is(err, bucket.ErrNotFound) { // deleted between two reads
		return nil, noSuchJob()
	}
	if err != nil {
		return nil, err
	}
	if u.From == nil {
		return nil, newProblem(http.StatusConflict, codeNeedsPhoto, "The upload of its photo starts this job; send the photo with the form that came with the job.")
	}
	if state, failure := u.State(h.now()); state.Finished() {
		return nil, newProblem(http.StatusConflict, string(failure.Code), "The masks did not arrive in time; try again.")
	}
	stored, err := h.bucket.List(ctx, req.job.InputPrefix())
	if err != nil {
		return nil, err
	}
	exists := map[string]bool{}
	for _, o := range stored {
		exists[o.Key] = true
	}
	if exists[u.Key] {
		return started, nil
	}
	for i, o := range u.Objects {
		if o.Mask && !exists[req.job.MaskKey(u.Key, i+1)] {
			return nil, newProblem(http.StatusConflict, string(job.CodeMaskMissing), "The mask of object %d has not been uploaded; send it with its form, then start the job.", i+1)
		}
	}
	// A versioned bucket still has the version of a photo that was deleted.
	if _, err = h.bucket.Photo(ctx, u.From.Key, ""); err == nil {
		err = h.bucket.StartFrom(ctx, u)
	}
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, photoGone()
	}
	if err != nil {
		return nil, err
	}
	return started, nil
}
