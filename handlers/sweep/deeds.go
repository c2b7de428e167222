package sweep

import (
	"context"
	"errors"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// deed is what a run did for a job. Deeds are names in logs and metrics.
type deed string

const (
	nothing   deed = ""
	ended     deed = "ended"     // failed results were written
	renotify  deed = "renotify"  // Notify's event was sent again
	reextract deed = "reextract" // Extract's event was sent again
	cleared   deed = "cleared"   // the marker was removed
	waiting   deed = "waiting"   // the job has no place yet; nothing was done
)

// abandoned is the failure of what nothing will finish.
var abandoned = job.Failure{
	Code:    job.CodeAbandoned,
	Message: "The job was not finished in time, through no fault of the photo; submit the photo again.",
}

// sweep does for one job what is due. A job with objects that were never asked for
// is returned instead.
func (h *Handler) sweep(ctx context.Context, p bucket.Pending) (deed, *unasked, error) {
	snapshot, err := h.bucket.Snapshot(ctx, p.Ref)
	if err != nil {
		return nothing, nil, err
	}
	if !snapshot.Manifest {
		deed, err := h.sweepPhoto(ctx, p, snapshot)
		return deed, nil, err
	}
	manifest, err := h.bucket.Manifest(ctx, p.Ref)
	if err != nil {
		return nothing, nil, err
	}
	switch {
	case snapshot.Complete(manifest):
		deed, err := h.sweepMail(ctx, p, snapshot)
		return deed, nil, err
	case manifest.Refused != nil:
		return ended, nil, h.end(ctx, manifest, snapshot, *manifest.Refused)
	case len(snapshot.Unasked(manifest)) > 0:
		return nothing, &unasked{p, manifest, snapshot}, nil
	case h.now().Sub(p.Marked) < h.config.life():
		return nothing, nil, nil
	}
	return ended, nil, h.end(ctx, manifest, snapshot, abandoned)
}

// end gives every object that has no result a failed one.
func (h *Handler) end(ctx context.Context, m *job.Manifest, s *job.Snapshot, failure job.Failure) error {
	for _, o := range m.Objects {
		if s.Results[o.Index] {
			continue
		}
		if _, err := h.bucket.CreateResult(ctx, m.Ref(), job.FailedResult(o.Index, failure, h.now())); err != nil {
			return err
		}
	}
	return nil
}

// sweepMail sees to the mail of a job whose objects all have results.
func (h *Handler) sweepMail(ctx context.Context, p bucket.Pending, s *job.Snapshot) (deed, error) {
	if s.Notice {
		notice, _, err := h.bucket.Notice(ctx, p.Ref)
		if err != nil {
			return nothing, err
		}
		if notice.Sent() {
			return cleared, h.bucket.ClearPending(ctx, p.Ref)
		}
	}
	// Any result will do: Notify looks at all of them.
	return h.resend(ctx, p.Ref.ResultKey(1), renotify, nil)
}

// sweepPhoto sees to a job that has no manifest.
func (h *Handler) sweepPhoto(ctx context.Context, p bucket.Pending, s *job.Snapshot) (deed, error) {
	key, promise, err := h.photoKey(ctx, p.Ref, s)
	if err != nil {
		return nothing, err
	}
	if key == "" { // neither a promise nor a photo was ever written
		return cleared, h.bucket.ClearPending(ctx, p.Ref)
	}
	stored, err := h.bucket.Photo(ctx, key, "")
	if errors.Is(err, bucket.ErrNotFound) {
		if promise != nil {
			if state, _ := promise.State(h.now()); !state.Finished() {
				return nothing, nil
			}
		}
		return cleared, h.bucket.ClearPending(ctx, p.Ref)
	}
	if err != nil {
		return nothing, err
	}
	address, err := job.ParsePhotoKey(key)
	if err != nil {
		return nothing, err
	}
	if h.overdue(p.Ref.Job) {
		return h.abandon(ctx, p.Ref, address, stored, promise)
	}
	return h.resendPhoto(ctx, p.Ref.Job, key)
}

// photoKey is where the photo of a job is or will be.
func (h *Handler) photoKey(ctx context.Context, ref job.Ref, s *job.Snapshot) (string, *job.Upload, error) {
	if s.Upload {
		promise, err := h.bucket.Upload(ctx, ref)
		if err != nil {
			return "", nil, err
		}
		return promise.Key, promise, nil
	}
	key, err := h.bucket.MarkedPhoto(ctx, ref)
	return key, nil, err
}

// overdue reports whether a job without a manifest is too old to be started. Its
// marker does not tell: Extract puts that again at every attempt. An ID from the
// future was not made by Gen3D and cannot be waited for.
func (h *Handler) overdue(id job.ID) bool {
	age := h.now().Sub(id.Created())
	return age >= h.config.life() || age < -time.Hour
}

// abandon ends a job that Extract never got to.
func (h *Handler) abandon(ctx context.Context, ref job.Ref, address job.PhotoKey, stored *bucket.Photo, promise *job.Upload) (deed, error) {
	source := job.Source{
		Bucket: h.config.Bucket, Key: stored.Key, VersionID: stored.VersionID, ETag: stored.ETag,
		Bytes: stored.Bytes, Orientation: 1, ContentType: stored.ContentType, Name: address.Name,
	}
	options := job.Options{Formats: job.AllFormats}
	var selections []job.Selection
	if promise != nil {
		selections, options = promise.Objects, promise.Options
	}
	manifest := job.NewManifest(ref, ref.Job.Created(), source, selections, options)
	manifest.Refused = &abandoned
	created, err := h.bucket.CreateManifest(ctx, &manifest)
	if err != nil || !created {
		return nothing, err // not created: Extract got to it after all
	}
	return ended, h.end(ctx, &manifest, job.NewSnapshot(ref), abandoned)
}
