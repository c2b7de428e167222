package extract

import (
	"context"
	"errors"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// identified is the job of a photo.
type identified struct {
	ref     job.Ref
	name    string // what its user calls the photo
	deleted bool   // the job was deleted before the photo came
}

// identify finds the job that a stored photo belongs to.
//
// One that came through the API has a promise, upload.json, and the job's ID in
// its metadata, which the form fixes. In the folder of a job without a promise,
// that ID tells the late photo of a deleted job from one that was copied there by
// hand. The latter is a job of its own, like every photo copied in directly.
//
// Sweep sends the event of a photo again by a copy onto itself, which is another
// version of it. The metadata of the copy has the ID of the job that the first
// version started. Anyone who can copy photos can write it, so it counts only
// where that job names this very photo.
func (h *Handler) identify(ctx context.Context, address job.PhotoKey, stored *bucket.Photo) (identified, error) {
	marked, err := job.ParseID(stored.Metadata[job.MetaJob])
	if err != nil {
		marked = "" // none, or not written by Gen3D
	}
	of := identified{ref: job.Ref{User: address.User, Job: address.Job}, name: address.Name}
	if address.Job != "" {
		upload, err := h.bucket.Upload(ctx, of.ref)
		if err == nil {
			of.name = upload.Name
			return of, nil
		}
		if !errors.Is(err, bucket.ErrNotFound) {
			return identified{}, err
		}
		if of.deleted = marked == address.Job; of.deleted {
			return of, nil
		}
	}
	of.ref.Job = marked
	if marked != "" {
		if ok, err := h.hasPhoto(ctx, of.ref, stored.Key); ok || err != nil {
			return of, err
		}
	}
	of.ref.Job = job.DeriveID(h.config.Bucket, stored.Key, identity(stored), stored.Written)
	return of, nil
}

// names reports whether a job is about the photo under key: its manifest says so,
// or the pending marker where it has none yet.
func (h *Handler) hasPhoto(ctx context.Context, ref job.Ref, key string) (bool, error) {
	manifest, err := h.bucket.Manifest(ctx, ref)
	if err == nil {
		return manifest.Source.Key == key, nil
	}
	if !errors.Is(err, bucket.ErrNotFound) {
		return false, err
	}
	photo, err := h.bucket.MarkedPhoto(ctx, ref)
	if errors.Is(err, bucket.ErrNotFound) {
		return false, nil
	}
	return err == nil && photo == key, err
}

// identity of a stored version, for the ID of its job.
func identity(p *bucket.Photo) string {
	if p.VersionID != "" {
		return p.VersionID
	}
	return p.ETag
}
