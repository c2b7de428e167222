package extract

import (
	"context"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/photo"
)

// draft returns the manifest of a photo. If the photo, its metadata or a mask is
// not valid, the manifest has the reason in Refused. A fault of the photo comes
// first: it decides whether the photo is displayed. An error is a fault of the
// service.
func (h *Handler) draft(ctx context.Context, ref job.Ref, name string, stored *bucket.Photo) (*job.Manifest, error) {
	source := job.Source{
		Bucket: h.config.Bucket, Key: stored.Key, VersionID: stored.VersionID, ETag: stored.ETag,
		Bytes: stored.Bytes, Orientation: 1, ContentType: stored.ContentType, Name: name,
	}
	selections, options, badMetadata := h.parseMetadata(stored.Metadata)
	err := h.inspect(ctx, stored, &source)
	badPhoto, ok := job.AsFailure(err)
	if err != nil && !ok {
		return nil, err
	}
	wrong := first(badPhoto, badMetadata)
	if wrong == nil {
		wrong, _ = job.AsFailure(h.config.Limits.CheckSelections(selections, source.Width, source.Height))
	}
	manifest := job.NewManifest(ref, ref.Job.Created(), source, selections, options)
	badMask, err := h.findMasks(ctx, &manifest, selections)
	if err != nil {
		return nil, err
	}
	manifest.Refused = first(wrong, badMask)
	return &manifest, nil
}

// parseMetadata reads the objects and options from the photo's metadata. A list
// that is not valid as a whole counts as one object: otherwise metadata with a
// thousand entries would make this function write a thousand documents.
func (h *Handler) parseMetadata(metadata map[string]string) ([]job.Selection, job.Options, *job.Failure) {
	options, err := job.DecodeOptions(metadata)
	wrong, _ := job.AsFailure(err)
	if wrong != nil {
		options = job.DefaultOptions()
	}
	selections, err := job.DecodeSelections(metadata[job.MetaObjects])
	if err == nil && len(selections) > h.config.Limits.MaxObjects {
		err = h.config.Limits.CheckSelections(selections, 0, 0)
		selections = nil
	}
	failure, _ := job.AsFailure(err)
	return selections, options, first(failure, wrong)
}

// inspect reads the photo's first and last bytes, or all of a progressive JPEG,
// and stores type, size and orientation in source. What makes a photo costly to
// decode is checked before its name and type.
func (h *Handler) inspect(ctx context.Context, stored *bucket.Photo, source *job.Source) error {
	if err := h.config.Limits.CheckBytes(stored.Bytes); err != nil {
		return err
	}
	file := newRanges(ctx, h.bucket, stored)
	info, err := photo.Probe(file, stored.Bytes)
	if err != nil {
		return err
	}
	source.ContentType, source.Orientation = info.ContentType, info.Orientation
	source.Width, source.Height = info.Width, info.Height
	for _, check := range []func() error{
		func() error { return h.config.Limits.CheckSize(info.Width, info.Height) },
		func() error { return info.CheckData(file, stored.Bytes, h.config.Limits.MaxPixels) },
		func() error { return info.CheckName(source.Key) },
		func() error { return info.CheckContentType(stored.ContentType) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// first returns a, or b if a is nil.
func first(a, b *job.Failure) *job.Failure {
	if a != nil {
		return a
	}
	return b
}
