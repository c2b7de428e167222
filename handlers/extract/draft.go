package extract

import (
	"context"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/photo"
)

// draft writes the manifest of a photo. What is wrong with the photo or with what
// was asked for makes it a refused one; an error is a fault of the service.
func (h *Handler) draft(ctx context.Context, ref job.Ref, name string, stored *bucket.Photo) (*job.Manifest, error) {
	source := job.Source{
		Bucket: h.config.Bucket, Key: stored.Key, VersionID: stored.VersionID, ETag: stored.ETag,
		Bytes: stored.Bytes, Orientation: 1, ContentType: stored.ContentType, Name: name,
	}
	selections, options, wrong := h.parseMetadata(stored.Metadata)
	if err := h.inspect(ctx, stored, &source); err != nil {
		failure, ok := job.AsFailure(err)
		if !ok {
			return nil, err
		}
		wrong = first(wrong, failure)
	}
	if wrong == nil {
		wrong, _ = job.AsFailure(h.config.Limits.CheckSelections(selections, source.Width, source.Height))
	}
	manifest := job.NewManifest(ref, ref.Job.Created(), source, selections, options)
	manifest.Refused = wrong
	return &manifest, nil
}

// asked reads what the user wants from the photo's metadata. A list that is
// wrong as a whole counts as one object: someone who may write metadata at will
// must not make this function write a document for each of a thousand.
func (h *Handler) parseMetadata(metadata map[string]string) ([]job.Selection, job.Options, *job.Failure) {
	options, err := job.DecodeOptions(metadata[job.MetaSeed], metadata[job.MetaFormats])
	wrong, _ := job.AsFailure(err)
	if wrong != nil {
		options = job.Options{Formats: job.AllFormats}
	}
	selections, err := job.DecodeSelections(metadata[job.MetaObjects])
	if err == nil && len(selections) > h.config.Limits.MaxObjects {
		err = h.config.Limits.CheckSelections(selections, 0, 0)
		selections = nil
	}
	failure, _ := job.AsFailure(err)
	return selections, options, first(failure, wrong)
}

// inspect checks the photo by its first and last bytes, or all of a progressive
// JPEG's, and notes in source what they say.
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
		func() error { return info.CheckName(source.Key) },
		func() error { return info.CheckContentType(stored.ContentType) },
		func() error { return h.config.Limits.CheckSize(info.Width, info.Height) },
		func() error { return info.CheckData(file, stored.Bytes, h.config.Limits.MaxPixels) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// first of two failures.
func first(a, b *job.Failure) *job.Failure {
	if a != nil {
		return a
	}
	return b
}
