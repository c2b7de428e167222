package extract

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"

	"gen3d/internal/job"
)

// queue makes the request for one object after the other and stores
// n.queued.json for each. It stops at the first error, so that there is at most
// one call whose outcome is unknown.
func (h *Handler) queue(ctx context.Context, m *job.Manifest, objects []job.Object) (made int, err error) {
	ref := m.Ref()
	for _, o := range objects {
		_, err := h.endpoint.InvokeEndpointAsync(ctx, &sagemakerruntime.InvokeEndpointAsyncInput{
			EndpointName:             &h.config.Endpoint,
			InputLocation:            aws.String("s3://" + h.config.Bucket + "/" + ref.ManifestKey()),
			ContentType:              aws.String("application/json"),
			CustomAttributes:         aws.String(job.CustomAttributes(o.Index)),
			InferenceId:              aws.String(o.InferenceID),
			RequestTTLSeconds:        &h.config.RequestTTLSeconds,
			InvocationTimeoutSeconds: &h.config.InvocationTimeoutSeconds,
		})
		if err != nil {
			return made, fmt.Errorf("invoking endpoint %s for object %d: %w", h.config.Endpoint, o.Index, err)
		}
		made++
		note := job.Queued{Version: job.Version, Index: o.Index, InferenceID: o.InferenceID, QueuedAt: h.now().UTC()}
		if err := h.bucket.PutQueued(ctx, ref, note); err != nil {
			return made, err
		}
	}
	return made, nil
}

// awaitUnqueued returns the objects that are not queued in a job whose manifest
// another run has created, after that run has added no document for the stall
// timeout.
func (h *Handler) awaitUnqueued(ctx context.Context, m *job.Manifest) ([]job.Object, error) {
	var latest time.Time // when S3 stored the other run's latest document
	var silent time.Duration
	pause := min(h.stallTimeout/4, time.Second)
	for {
		snapshot, err := h.bucket.Snapshot(ctx, m.Ref())
		if err != nil {
			return nil, err
		}
		left := snapshot.Unqueued(m)
		if len(left) == 0 {
			return nil, nil
		}
		if !snapshot.QueuedAt.Equal(latest) {
			latest, silent = snapshot.QueuedAt, max(0, h.now().Sub(snapshot.QueuedAt))
		}
		if silent >= h.stallTimeout {
			h.log.WarnContext(ctx, "taking over from a run that has ended", "jobId", m.JobID, "objects", len(left))
			return left, nil
		}
		select {
		case <-time.After(pause):
			silent += pause
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for another run of the event: %w", ctx.Err())
		}
	}
}
