package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/job"
)

// Photo is a stored version of a photo, or of a mask that a user gave, as S3
// describes it.
type Photo struct {
	Key         string
	VersionID   string // empty in a bucket without versions
	ETag        string // without quotes
	Bytes       int64
	ContentType string
	Written     time.Time
	// Metadata is the user metadata, with keys in lowercase without
	// x-amz-meta-.
	Metadata map[string]string
}

// MaskFile returns the mask as a manifest refers to it.
func (p *Photo) MaskFile() *job.MaskFile {
	return &job.MaskFile{Key: p.Key, VersionID: p.VersionID, ETag: p.ETag, Bytes: p.Bytes}
}

// Photo returns the description of a version of a photo, or of the current one
// if version is empty. The error wraps [ErrNotFound] if there is none.
func (b *Bucket) Photo(ctx context.Context, key, version string) (*Photo, error) {
	out, err := b.api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key, VersionId: optional(version)})
	if err != nil {
		return nil, fmt.Errorf("reading the metadata of %s: %w", key, classify(err))
	}
	return &Photo{
		Key: key, VersionID: aws.ToString(out.VersionId), ETag: trimETag(aws.ToString(out.ETag)),
		Bytes: aws.ToInt64(out.ContentLength), ContentType: aws.ToString(out.ContentType),
		Written: aws.ToTime(out.LastModified), Metadata: out.Metadata,
	}, nil
}

// OpenPhoto opens a version of a photo for reading from offset, at most count
// bytes, or to its end if count is 0. The caller must close it.
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

// DeletePhoto permanently deletes one version of a photo. It is no error if
// there is none. If the version is the current one, the one before it becomes
// current.
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
