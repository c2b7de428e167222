package sweep

import (
	"context"

	"gen3d/internal/job"
)

// resend makes S3 send the event of an object again, by a copy onto itself,
// and returns the action as. An object that was written within the stall time
// is left as it is: its event may still be delivered. The same holds for the
// copy. What is in metadata is added to the object's own.
func (h *Handler) resend(ctx context.Context, key string, as action, metadata map[string]string) (action, error) {
	copied, err := h.bucket.CopyOntoItself(ctx, key, h.now().Add(-h.config.stall()), metadata)
	if err != nil || !copied {
		return nothing, err
	}
	return as, nil
}

// resendPhoto makes S3 send the event of a job's photo again. The copy has the
// job's ID in its metadata. Without it, a new version of a photo that was
// copied in directly would start another job.
func (h *Handler) resendPhoto(ctx context.Context, id job.ID, key string) (action, error) {
	return h.resend(ctx, key, reextract, map[string]string{job.MetaJob: string(id)})
}
