package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"gen3d/internal/bucket"
)

// remove deletes a job with its photo, finished or not. An object that the
// model server is working on goes on there; what comes of it, Notify removes.
func (h *Handler) remove(ctx context.Context, req *request) (*response, error) {
	snapshot, err := h.bucket.Snapshot(ctx, req.job)
	if err != nil {
		return nil, err
	}
	if snapshot.Empty() {
		return nil, noSuchJob()
	}
	photo := "" // one posted through the API lies in the job's own input folder
	if snapshot.Manifest {
		manifest, err := h.bucket.Manifest(ctx, req.job)
		switch {
		case errors.Is(err, bucket.ErrNotFound): // another request deletes it too
		case err != nil:
			return nil, err
		default:
			photo = manifest.Source.Key
			// A key that photos were copied to has a version for each job. Only the
			// job's own goes; the others are the photos of other jobs.
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
