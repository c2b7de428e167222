package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Photo is a stored version of a photo, as S3 describes it.
type Photo struct {
	Key         string
	VersionID   string // empty in a bucket without versions
	ETag        string // without quotes
	Bytes       int64
	ContentType string
	Written     time.Time
	// Metadata of the user, keys in lower case without x-amz-meta-.
	Metadata map[string]string
}

// Photo asks S3 about one version of a photo, or the newest where version is
// empty. The error wraps [ErrNotFound] where there is none.
func (b *Bucket) Photo(ctx context.Context, key, version string) (*Photo, error) {
	out, err := b.api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key, VersionId: optional(version)})
	if err != nil {
		return nil, fmt.Errorf("asking about %s: %w", key, classify(err))
	}
	return &Photo{
		Key: key, VersionID: aws.ToString(out.VersionId), ETag: trimETag(aws.ToString(out.ETag)),
		Bytes: aws.ToInt64(out.ContentLength), ContentType: aws.ToString(out.ContentType),
		Written: aws.ToTime(out.LastModified), Metadata: out.Metadata,
	}, nil
}

// OpenPhoto reads a version of a photo from the byte at offset on, at most
// count bytes, or to its end where count is 0. The caller closes it.
func (b *Bucket) OpenPhoto(ctx context.Context, key, version string, offset, count int64) (io.ReadCloser, error) {
	in := &s3.GetObjectInput{Bucket: &b.name, Key: &key, VersionId: optional(version)}
	switch {
	case count > 0:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", offset, offset+count-1))
	case offset > 0:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", offset))
	}
	out, err := b.api.GetObject(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("getting %s: %w", key, classify(err))
	}
	return out.Body, nil
}

// DeletePhoto removes one version of a photo, and no other, for good; it is no
// error if there is none. The version before becomes the newest where the newest
// goes.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
func (b *Bucket) DeletePhoto(ctx context.Context, key, version string) error {
	_, err := b.api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key, VersionId: &version})
	if err = classify(err); err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("deleting version %s of %s: %w", version, key, err)
	}
	return nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
