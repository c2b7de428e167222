package extract

import (
	"context"
	"errors"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/photo"
)

// findMasks stores the masks that the user gave in the manifest, and returns why
// the first one that cannot be used is refused. Each is the current version: the
// user uploads the masks before the photo, whose event runs this function. Those
// of a photo whose size is not known are not checked.
func (h *Handler) findMasks(ctx context.Context, m *job.Manifest, selections []job.Selection) (refused *job.Failure, err error) {
	for i, s := range selections {
		if !s.Mask {
			continue
		}
		n := m.Objects[i].Index
		stored, err := h.bucket.Photo(ctx, m.Ref().MaskKey(m.Source.Key, n), "")
		if errors.Is(err, bucket.ErrNotFound) {
			refused = first(refused, job.Invalid(job.CodeMaskMissing, "There was no mask for object %d when the photo came; send the masks first, then the photo.", n))
			continue
		}
		if err != nil {
			return nil, err
		}
		m.Objects[i].Mask = stored.MaskFile()
		if m.Source.Width == 0 {
			continue
		}
		err = photo.CheckMask(newRanges(ctx, h.bucket, stored), stored.Bytes, m.Source.Width, m.Source.Height)
		failure, ok := job.AsFailure(err)
		switch {
		case ok:
			refused = first(refused, job.RefusedMask(n, failure))
		case err != nil:
			return nil, err
		}
	}
	return refused, nil
}
