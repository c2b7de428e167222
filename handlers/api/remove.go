package api

import (
	"context"
	"net/http"
)

// remove deletes a job with its photo, finished or not. The model server
// completes an object that it is processing; Notify removes the result.
func (h *Handler) remove(ctx context.Context, req *request) (*response, error) {
	snapshot, err := h.bucket.Snapshot(ctx, req.job)
	if err != nil {
		return nil, err
	}
	if snapshot.Empty() {
		return nil, noSuchJob()
	}
	if err := h.bucket.RemoveJob(ctx, snapshot); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}
