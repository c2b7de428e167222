package bucket

import (
	"context"
	"errors"
	"strings"

	"gen3d/internal/job"
)

// RemoveJob deletes the job of a snapshot with its photo and masks, finished or
// not. The model server completes an object that it is processing; Notify
// removes the result.
func (b *Bucket) RemoveJob(ctx context.Context, snapshot *job.Snapshot) error {
	photo := "" // a photo uploaded through the API is in the job's own input folder
	if snapshot.Manifest {
		manifest, err := b.Manifest(ctx, snapshot.Ref)
		switch {
		case errors.Is(err, ErrNotFound): // a concurrent call deletes it
		case errors.Is(err, ErrUnreadable): // only what is in the job's own folders is known
		case err != nil:
			return err
		default:
			photo = manifest.Source.Key
			if err := b.removeMasks(ctx, manifest); err != nil {
				return err
			}
			// A key to which photos were copied has one version for
			// each job. Only this job's version is deleted.
			if version := manifest.Source.VersionID; version != "" && !strings.HasPrefix(photo, snapshot.Ref.InputPrefix()) {
				if err := b.DeletePhoto(ctx, photo, version); err != nil {
					return err
				}
				photo = ""
			}
		}
	}
	return b.DeleteJob(ctx, snapshot.Ref, photo)
}

// removeMasks deletes the masks beside a photo that was copied in directly: the
// versions that the job is for, as of the photo. Those of other jobs are in the
// job's own input folder.
func (b *Bucket) removeMasks(ctx context.Context, m *job.Manifest) error {
	for _, o := range m.Objects {
		if o.Mask == nil || strings.HasPrefix(o.Mask.Key, m.Ref().InputPrefix()) {
			continue
		}
		var err error
		if o.Mask.VersionID != "" {
			err = b.DeletePhoto(ctx, o.Mask.Key, o.Mask.VersionID)
		} else {
			err = b.remove(ctx, o.Mask.Key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
