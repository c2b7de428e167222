package bucket

import (
	"context"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Stored is an object as a list shows it.
type Stored struct {
	Key     string
	Bytes   int64
	ETag    string // without quotes
	Written time.Time
}

// List lists the objects under a prefix, in the order of their keys.
func (b *Bucket) List(ctx context.Context, prefix string) ([]Stored, error) {
	var found []Stored
	err := b.each(ctx, prefix, func(o types.Object) bool {
		found = append(found, Stored{
			Key: aws.ToString(o.Key), Bytes: aws.ToInt64(o.Size), ETag: trimETag(aws.ToString(o.ETag)), Written: aws.ToTime(o.LastModified),
		})
		return true
	})
	return found, err
}

// Open opens a version of an object for reading, or the current one if version
// is empty. The caller must close it.
func (b *Bucket) Open(ctx context.Context, key, version string) (io.ReadCloser, error) {
	return b.OpenPhoto(ctx, key, version, 0, 0)
}
