package bucket

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/internal/job"
)

// MarkPending writes the marker of an unfinished job whose photo has not been
// uploaded. A repeat changes only the marker's time.
func (b *Bucket) MarkPending(ctx context.Context, ref job.Ref) error {
	return b.MarkPhoto(ctx, ref, "")
}

// MarkPhoto writes the marker of an unfinished job with the photo's key as its
// content: the key of a photo that was copied straight into the bucket cannot
// be derived from its job.
func (b *Bucket) MarkPhoto(ctx context.Context, ref job.Ref, photoKey string) error {
	key := ref.PendingKey()
	_, err := b.api.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: strings.NewReader(photoKey), ContentType: aws.String("text/plain; charset=utf-8"),
	})
	if err != nil {
		return fmt.Errorf("putting %s: %w", key, err)
	}
	return nil
}

// MarkedPhoto returns the photo's key in a job's marker. It is empty if the
// marker was written before the photo was uploaded. The error wraps
// [ErrNotFound] if there is no marker.
func (b *Bucket) MarkedPhoto(ctx context.Context, ref job.Ref) (photoKey string, err error) {
	data, _, err := b.get(ctx, ref.PendingKey())
	return string(data), err
}

// ClearPending deletes the marker.
func (b *Bucket) ClearPending(ctx context.Context, ref job.Ref) error {
	return b.remove(ctx, ref.PendingKey())
}

// Pending is the marker of an unfinished job.
type Pending struct {
	Ref    job.Ref
	Marked time.Time
}

// EachPending calls visit for every marker of every user until it returns
// false.
func (b *Bucket) EachPending(ctx context.Context, visit func(Pending) bool) error {
	return b.each(ctx, job.PendingPrefix, func(o types.Object) bool {
		ref, err := job.ParsePendingKey(aws.ToString(o.Key))
		if err != nil {
			return true // not written by Gen3D
		}
		return visit(Pending{Ref: ref, Marked: aws.ToTime(o.LastModified)})
	})
}
