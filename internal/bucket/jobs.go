package bucket

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/internal/job"
)

// Snapshot lists a job's output folder.
func (b *Bucket) Snapshot(ctx context.Context, ref job.Ref) (*job.Snapshot, error) {
	snapshot := job.NewSnapshot(ref)
	err := b.each(ctx, ref.OutputPrefix(), func(o types.Object) bool {
		snapshot.AddAt(aws.ToString(o.Key), aws.ToInt64(o.Size), aws.ToTime(o.LastModified))
		return true
	})
	return snapshot, err
}

// Jobs lists up to limit of a user's jobs after the given one, newest first. If
// after is empty, it starts with the newest. more reports whether others
// follow. It takes one LIST request.
func (b *Bucket) Jobs(ctx context.Context, user string, after job.ID, limit int) (ids []job.ID, more bool, err error) {
	prefix := job.OutputPrefix(user)
	in := &s3.ListObjectsV2Input{
		Bucket: &b.name, Prefix: &prefix, Delimiter: aws.String("/"), MaxKeys: aws.Int32(int32(limit)),
	}
	if after != "" {
		// "0" follows "/" in ASCII, so this is after every key of that
		// job.
		in.StartAfter = aws.String(prefix + string(after) + "0")
	}
	out, err := b.api.ListObjectsV2(ctx, in)
	if err != nil {
		return nil, false, fmt.Errorf("listing %s: %w", prefix, err)
	}
	for _, folder := range out.CommonPrefixes {
		name := strings.TrimSuffix(strings.TrimPrefix(aws.ToString(folder.Prefix), prefix), "/")
		if id, err := job.ParseID(name); err == nil {
			ids = append(ids, id)
		}
	}
	return ids, aws.ToBool(out.IsTruncated), nil
}

// DeleteJob deletes the photo, the input folder with the masks, the output folder
// and the marker, in this order: a job whose deletion is interrupted remains
// visible and can be deleted again. The output folder is listed after the photo
// was removed, and again after the manifest was: who writes a document and then
// still finds one of the two knows that the document is deleted as well.
func (b *Bucket) DeleteJob(ctx context.Context, ref job.Ref, photoKey string) error {
	if photoKey != "" {
		if err := b.remove(ctx, photoKey); err != nil {
			return err
		}
	}
	if err := b.deleteAll(ctx, ref.InputPrefix()); err != nil {
		return err
	}
	if err := b.deleteAll(ctx, ref.OutputPrefix()); err != nil {
		return err
	}
	return b.ClearPending(ctx, ref)
}
