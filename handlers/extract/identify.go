package extract

import (
	"context"
	"errors"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// identified is the job that a photo belongs to.
type identified struct {
	ref     job.Ref
	name    string // the user's name for the photo
	deleted bool   // the job was deleted before the photo was uploaded
}

// identify returns the job that a stored photo belongs to.
//
// A photo uploaded through the API has an upload document, upload.json, and the
// job's ID in its metadata, which the form fixes. In the folder of a job
// without an upload document, that ID distinguishes a late photo of a deleted
// job from a photo that was copied there. The latter starts a separate job,
// like every photo that is copied into the bucket.
//
// Sweep sends the event of a photo again by copying it onto itself, which
// creates another version. The metadata of the copy holds the ID of the job
// that the first version started. A user who can copy photos can set it, so it
// is used only if that job refers to this key.
func (h *Handler) identify(ctx context.Context, address job.PhotoKey, stored *bucket.Photo) (identified, error) {
	marked, err := job.ParseID(stored.Metadata[job.MetaJob])
	if err != nil {
		marked = "" // missing, or not set by Gen3D
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

// hasPhoto reports whether a job is for the photo under key, according to its
// manifest or, if it has none yet, to its pending marker.
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

// identity returns the identity of a stored version, from which the ID of its
// job is derived.
func identity(p *bucket.Photo) string {
	if p.VersionID != "" {
		return p.VersionID
	}
	return p.ETag
}
