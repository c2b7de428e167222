package bucket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"gen3d/internal/job"
)

// cleanupTime limits the removal of a job that could not be made.
const cleanupTime = 10 * time.Second

// CreateFrom makes a job of an earlier job's photo, u.From: the upload document,
// the masks, which are copied from those in masks by the object's number, and if
// start is set the photo. The job's marker must have been written before. If a
// step fails, everything of the job is deleted, with its marker, and so its place
// among the unfinished jobs becomes free. The error wraps [ErrNotFound] if the
// photo or a mask no longer exists.
func (b *Bucket) CreateFrom(ctx context.Context, u *job.Upload, masks map[int]job.MaskFile, start bool) error {
	ref := job.Ref{User: u.UserID, Job: u.JobID}
	err := b.createFrom(ctx, u, masks, start)
	if err == nil {
		return nil
	}
	cleaning, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	return errors.Join(err, b.DeleteJob(cleaning, ref, ""))
}

func (b *Bucket) createFrom(ctx context.Context, u *job.Upload, masks map[int]job.MaskFile, start bool) error {
	if err := b.CreateUpload(ctx, u); err != nil {
		return err
	}
	ref := job.Ref{User: u.UserID, Job: u.JobID}
	group, copying := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for n, mask := range masks {
		group.Go(func() error {
			return b.CopyPhoto(copying, mask.Key, mask.VersionID, ref.MaskKey(u.Key, n), job.MaskContentType, nil)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if !start {
		return nil
	}
	return b.StartFrom(ctx, u)
}

// StartFrom copies the photo of a job that was made by [Bucket.CreateFrom]. The
// creation of the copy runs Extract, so the masks must be there. The error wraps
// [ErrNotFound] if the photo no longer exists.
func (b *Bucket) StartFrom(ctx context.Context, u *job.Upload) error {
	if u.From == nil {
		return fmt.Errorf("job %s is not made of an earlier job's photo", u.JobID)
	}
	objects, err := job.EncodeSelections(u.Objects)
	if err != nil {
		return err
	}
	return b.CopyPhoto(ctx, u.From.Key, u.From.VersionID, u.Key, u.ContentType, job.PhotoMetadata(u.JobID, objects, u.Options))
}
