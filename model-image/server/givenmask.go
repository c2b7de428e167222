package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	data, err := s.fetchMask(ctx, o)
	if err != nil {
		return nil, err
	}
	rect := picture.Image.Rect
	if err := photo.CheckMask(bytes.NewReader(data), int64(len(data)), rect.Dx(), rect.Dy()); err != nil {
		if failure, ok := job.AsFailure(err); ok {
			return nil, unusable(o, failure.Message)
		}
		return nil, err
	}
	given, err := mask.Decode(data, rect)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", unusable(o, "its data is damaged; save it again"), err)
	}
	return given, nil
}

// fetchMask reads the file of the object's mask.
func (s *Server) fetchMask(ctx context.Context, o job.Object) ([]byte, error) {
	body, err := s.bucket.OpenPhoto(ctx, o.Mask.Key, o.Mask.VersionID, 0, 0)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, job.Invalid(job.CodeMaskMissing, "The mask of object %d was deleted before it could be used; send the photo and the mask again.", o.Index)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(io.LimitReader(body, job.MaxMaskBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", o.Mask.Key, err)
	}
	if int64(len(data)) != o.Mask.Bytes && len(data) <= job.MaxMaskBytes {
		return nil, unusable(o, "it was replaced after the photo had been submitted; submit both again")
	}
	return data, nil
}

func unusable(o job.Object, why string) error {
	return job.Invalid(job.CodeBadMask, "The mask of object %d cannot be used: %s.", o.Index, why)
}
