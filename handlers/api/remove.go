package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"gen3d/internal/bucket"
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
	photo := "" // a photo uploaded through the API is in the job's own input folder
	if snapshot.Manifest {
		manifest, err := h.bucket.Manifest(ctx, req.job)
		switch {
		case errors.Is(err, bucket.ErrNotFound): // a concurrent request deletes it
		case err != nil:
			return nil, err
		default:
			photo = manifest.Source.Key
			// A key to which photos were copied has one version for
			// each job. Only this job's version is deleted.
			if version := manifest.Source.VersionID; version != "" && !strings.HasPrefix(photo, req.job.InputPrefix()) {
				if err := h.bucket.DeletePhoto(ctx, photo, version); err != nil {
					return nil, err
				}
				photo = ""
			}
		}
	}
	if err := h.bucket.DeleteJob(ctx, req.job, photo); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}
