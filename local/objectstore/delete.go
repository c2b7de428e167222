package objectstore

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// DeleteObject deletes an object with all its versions, or the one version that
// the request names. In the first case S3 would add a delete marker, and the
// bucket's lifecycle would remove the versions later; there is no lifecycle
// here.
func (b *notifyingBackend) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput) (out *s3.DeleteObjectOutput, err error) {
	bucket, key, version := deref(in.Bucket), deref(in.Key), deref(in.VersionId)
	defer b.locks.deleting(bucket, key)()
	if err := b.checkIfMatch(ctx, in); err != nil {
		return nil, b.answer(ctx, "DeleteObject", bucket, key, err)
	}
	itself := func() (err error) {
		object := s3.DeleteObjectInput{Bucket: in.Bucket, Key: in.Key}
		out, err = b.Backend.DeleteObject(ctx, &object)
		return err
	}
	out = &s3.DeleteObjectOutput{}
	switch {
	case !b.versions.of(bucket, key):
		in.IfMatch = nil // has been checked
		out, err = b.Backend.DeleteObject(ctx, in)
	case version != "":
		if err = b.versions.remove(bucket, key, version, itself); err == nil {
			out.VersionId = &version
		}
	default:
		if err = b.versions.dropAll(bucket, key); err == nil {
			err = itself()
		}
	}
	if err != nil {
		return nil, b.answer(ctx, "DeleteObject", bucket, key, err)
	}
	return out, nil
}

// checkIfMatch returns an error if a request is for an object that exists (*), or
// that has an ETag, and there is no such current object:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
func (b *notifyingBackend) checkIfMatch(ctx context.Context, in *s3.DeleteObjectInput) error {
	if in.IfMatch == nil {
		return nil
	}
	head, err := b.Backend.HeadObject(ctx, &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key})
	if err != nil || *in.IfMatch == "*" {
		return err
	}
	etag := strings.Trim(*in.IfMatch, `"`)
	return backend.EvaluateObjectDeletePreconditions(deref(head.ETag), time.Time{}, 0, backend.ObjectDeletePreconditions{IfMatch: &etag})
}

// DeleteObjects deletes the objects one by one.
func (b *notifyingBackend) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput) (s3response.DeleteResult, error) {
	all := s3response.DeleteResult{Deleted: []types.DeletedObject{}, Error: []types.Error{}}
	for _, object := range in.Delete.Objects {
		_, err := b.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: in.Bucket, Key: object.Key, VersionId: object.VersionId, IfMatch: object.ETag})
		if err != nil {
			all.Error = append(all.Error, s3err.ObjectDeleteError(object.Key, object.VersionId, err))
			continue
		}
		all.Deleted = append(all.Deleted, types.DeletedObject{Key: object.Key, VersionId: object.VersionId})
	}
	return all, nil
}

// ListObjectVersions returns an error: the gateway can list only current
// versions.
func (b *notifyingBackend) ListObjectVersions(context.Context, *s3.ListObjectVersionsInput) (s3response.ListVersionsResult, error) {
	return s3response.ListVersionsResult{}, s3err.GetAPIError(s3err.ErrNotImplemented)
}
