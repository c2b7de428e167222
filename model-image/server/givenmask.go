package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/photo"
	"gen3d/model-image/server/mask"
)

// givenMask returns the mask that the user gave for the object, or nil. A mask
// that is gone or cannot be used is a failure for the user, although Extract has
// checked it: it may have been deleted or replaced since, and only now its data
// is read. Its key is one of the manifest's user ([job.ParseManifest]).
func (s *Server) givenMask(ctx context.Context, o job.Object, picture *photo.Picture) (*mask.Mask, error) {
	if o.Mask == nil {
		return nil, nil
	}
	rect := picture.Image.Rect
	given, err := read(ctx, s, func(ctx context.Context) (fetched, error) { return s.fetchMask(ctx, o, rect) }, func(ctx context.Context, data []byte) (*mask.Mask, error) {
		given, err := mask.Decode(ctx, data, rect)
		if err != nil && ctx.Err() == nil {
			err = fmt.Errorf("%w (%w)", unusable(o, "its data is damaged; save it again"), err)
		}
		return given, err
	})
	if errors.Is(err, errReadTimedOut) {
		return nil, job.Invalid(job.CodeTimedOut, "The mask of object %d could not be read within %s; save it again, as a PNG of 8-bit grayscale, and try again.", o.Index, s.cfg.PhotoTimeout)
	}
	return given, err
}

// fetchMask reads the file of the object's mask and checks it for a picture.
func (s *Server) fetchMask(ctx context.Context, o job.Object, picture image.Rectangle) (fetched, error) {
	body, err := s.bucket.OpenPhoto(ctx, o.Mask.Key, o.Mask.VersionID, 0, 0)
	if errors.Is(err, bucket.ErrNotFound) {
		return fetched{}, job.Invalid(job.CodeMaskMissing, "The mask of object %d was deleted before it could be used; send the photo and the mask again.", o.Index)
	}
	if err != nil {
		return fetched{}, err
	}
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(io.LimitReader(body, job.MaxMaskBytes+1))
	if err != nil {
		return fetched{}, fmt.Errorf("reading %s: %w", o.Mask.Key, err)
	}
	if int64(len(data)) != o.Mask.Bytes && len(data) <= job.MaxMaskBytes {
		return fetched{}, unusable(o, "it was replaced after the photo had been submitted; submit both again")
	}
	if err := photo.CheckMask(bytes.NewReader(data), int64(len(data)), picture.Dx(), picture.Dy()); err != nil {
		if failure, ok := job.AsFailure(err); ok {
			return fetched{}, unusable(o, failure.Message)
		}
		return fetched{}, err
	}
	return fetched{data: data, memory: mask.Memory(picture)}, nil
}

func unusable(o job.Object, why string) error {
	return job.Invalid(job.CodeBadMask, "The mask of object %d cannot be used: %s.", o.Index, why)
}
