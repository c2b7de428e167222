package sweep

import (
	"context"
	"errors"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// action is what a run did for a job. Actions are names in logs and metrics.
type action string

const (
	nothing   action = ""
	ended     action = "ended"     // failed results were written
	renotify  action = "renotify"  // Notify's event was sent again
	reextract action = "reextract" // Extract's event was sent again
	cleared   action = "cleared"   // the marker was removed
	waiting   action = "waiting"   // the job has no place yet; it was left as it is
)

// abandoned is the failure of an object that will not be finished.
var abandoned = job.Failure{
	Code:    job.CodeAbandoned,
	Message: "The job was not finished in time, through no fault of your photo. Try again.",
}

// sweep performs the action that is due for one job. A job with objects that
// were never queued is returned instead.
func (h *Handler) sweep(ctx context.Context, p bucket.Pending) (action, *unqueued, error) {
	snapshot, err := h.bucket.Snapshot(ctx, p.Ref)
	if err != nil {
		return nothing, nil, err
	}
	if !snapshot.Manifest {
		did, err := h.sweepPhoto(ctx, p, snapshot)
		return did, nil, err
	}
	manifest, err := h.bucket.Manifest(ctx, p.Ref)
	if err != nil {
		return nothing, nil, err
	}
	switch {
	case snapshot.Complete(manifest):
		did, err := h.sweepMail(ctx, p, snapshot)
		return did, nil, err
	case manifest.Refused != nil:
		return ended, nil, h.end(ctx, manifest, snapshot, *manifest.Refused)
	case len(snapshot.Unqueued(manifest)) > 0:
		return nothing, &unqueued{p, manifest, snapshot}, nil
	case h.now().Sub(p.Marked) < h.config.life():
		return nothing, nil, nil
	}
	return ended, nil, h.end(ctx, manifest, snapshot, abandoned)
}

// end writes a failed result for every object that has none.
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

// sweepMail handles a job whose objects all have results.
func (h *Handler) sweepMail(ctx context.Context, p bucket.Pending, s *job.Snapshot) (action, error) {
	if s.Notice {
		notice, _, err := h.bucket.Notice(ctx, p.Ref)
		if err != nil {
			return nothing, err
		}
		if notice.Sent() {
			return cleared, h.bucket.ClearPending(ctx, p.Ref)
		}
	}
	// Notify reads all results of the job, so the event of any of them
	// suffices.
	return h.resend(ctx, p.Ref.ResultKey(1), renotify, nil)
}

// sweepPhoto handles a job that has no manifest.
func (h *Handler) sweepPhoto(ctx context.Context, p bucket.Pending, s *job.Snapshot) (action, error) {
	key, upload, err := h.photoKey(ctx, p.Ref, s)
	if err != nil {
		return nothing, err
	}
	if key == "" { // neither an upload document nor a photo was ever written
		return cleared, h.bucket.ClearPending(ctx, p.Ref)
	}
	stored, err := h.bucket.Photo(ctx, key, "")
	if errors.Is(err, bucket.ErrNotFound) {
		if upload != nil {
			if state, _ := upload.State(h.now()); !state.Finished() {
				return nothing, nil
			}
		}
		return h.clear(ctx, p.Ref, key)
	}
	if err != nil {
		return nothing, err
	}
	address, err := job.ParsePhotoKey(key)
	if err != nil {
		return nothing, err
	}
	if h.overdue(p.Ref.Job) {
		return h.abandon(ctx, p.Ref, address, stored, upload)
	}
	return h.resendPhoto(ctx, p.Ref.Job, key)
}

// clear removes the marker of a job whose photo has not arrived. If it arrives
// meanwhile, the marker that is removed can be the one that Extract has just
// written, so it is written again, also if that cannot be found out.
func (h *Handler) clear(ctx context.Context, ref job.Ref, photoKey string) (action, error) {
	if err := h.bucket.ClearPending(ctx, ref); err != nil {
		return nothing, err
	}
	_, err := h.bucket.Photo(ctx, photoKey, "")
	if errors.Is(err, bucket.ErrNotFound) {
		return cleared, nil
	}
	return nothing, errors.Join(err, h.bucket.MarkPhoto(ctx, ref, photoKey))
}

// photoKey returns the key of the job's photo, uploaded or not, and the upload
// document, if there is one.
func (h *Handler) photoKey(ctx context.Context, ref job.Ref, s *job.Snapshot) (string, *job.Upload, error) {
	if s.Upload {
		upload, err := h.bucket.Upload(ctx, ref)
		if err != nil {
			return "", nil, err
		}
		return upload.Key, upload, nil
	}
	key, err := h.bucket.MarkedPhoto(ctx, ref)
	return key, nil, err
}

// overdue reports whether a job without a manifest is too old to be started.
// The time of its marker is no measure, because Extract writes the marker again
// at every attempt. An ID with a time in the future was not made by Gen3D, so
// the job counts as overdue.
func (h *Handler) overdue(id job.ID) bool {
	age := h.now().Sub(id.Created())
	return age >= h.config.life() || age < -time.Hour
}

// abandon ends a job that Extract has not started.
func (h *Handler) abandon(ctx context.Context, ref job.Ref, address job.PhotoKey, stored *bucket.Photo, upload *job.Upload) (action, error) {
	name := address.Name
	if upload != nil {
		name = upload.Name
	}
	source := job.Source{
		Bucket: h.config.Bucket, Key: stored.Key, VersionID: stored.VersionID, ETag: stored.ETag,
		Bytes: stored.Bytes, Orientation: 1, ContentType: stored.ContentType, Name: name,
	}
	options := job.DefaultOptions()
	var selections []job.Selection
	if upload != nil {
		selections, options = upload.Objects, upload.Options
	}
	manifest := job.NewManifest(ref, ref.Job.Created(), source, selections, options)
	manifest.Refused = &abandoned
	if err := h.keepMasks(ctx, &manifest, selections); err != nil {
		return nothing, err
	}
	created, err := h.bucket.CreateManifest(ctx, &manifest)
	if err != nil || !created {
		return nothing, err // not created: Extract has started the job in the meantime
	}
	return ended, h.end(ctx, &manifest, job.NewSnapshot(ref), abandoned)
}

// keepMasks stores the masks that the user gave in the manifest, so that they are
// used if the job is made again, and deleted with it.
func (h *Handler) keepMasks(ctx context.Context, m *job.Manifest, selections []job.Selection) error {
	for i, s := range selections {
		if !s.Mask {
			continue
		}
		stored, err := h.bucket.Photo(ctx, m.Ref().MaskKey(m.Source.Key, m.Objects[i].Index), "")
		if errors.Is(err, bucket.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		m.Objects[i].Mask = stored.MaskFile()
	}
	return nil
}
