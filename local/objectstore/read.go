package objectstore

import (
	"context"
	"io/fs"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3response"
)

// GetObject reads an object. Its body is that of the file opened here: a writer puts another file in its place.
func (b *notifyingBackend) GetObject(ctx context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	defer b.locks.reading(deref(in.Bucket), deref(in.Key))()
	out, err := b.Backend.GetObject(ctx, in)
	return out, b.answer(ctx, "GetObject", deref(in.Bucket), deref(in.Key), err)
}

// HeadObject reads an object's metadata.
func (b *notifyingBackend) HeadObject(ctx context.Context, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	defer b.locks.reading(deref(in.Bucket), deref(in.Key))()
	out, err := b.Backend.HeadObject(ctx, in)
	return out, b.answer(ctx, "HeadObject", deref(in.Bucket), deref(in.Key), err)
}

// GetObjectAttributes reads an object's metadata.
func (b *notifyingBackend) GetObjectAttributes(ctx context.Context, in *s3.GetObjectAttributesInput) (s3response.GetObjectAttributesResponse, error) {
	defer b.locks.reading(deref(in.Bucket), deref(in.Key))()
	out, err := b.Backend.GetObjectAttributes(ctx, in)
	return out, b.answer(ctx, "GetObjectAttributes", deref(in.Bucket), deref(in.Key), err)
}

// GetObjectTagging reads an object's tags.
func (b *notifyingBackend) GetObjectTagging(ctx context.Context, bucket, key, version string) (map[string]string, error) {
	defer b.locks.reading(bucket, key)()
	tags, err := b.Backend.GetObjectTagging(ctx, bucket, key, version)
	return tags, b.answer(ctx, "GetObjectTagging", bucket, key, err)
}

// PutObjectTagging replaces an object's tags.
func (b *notifyingBackend) PutObjectTagging(ctx context.Context, bucket, key, version string, tags map[string]string) error {
	defer b.locks.writing(bucket, key)()
	return b.answer(ctx, "PutObjectTagging", bucket, key, b.Backend.PutObjectTagging(ctx, bucket, key, version, tags))
}

// DeleteObjectTagging removes an object's tags.
func (b *notifyingBackend) DeleteObjectTagging(ctx context.Context, bucket, key, version string) error {
	defer b.locks.writing(bucket, key)()
	return b.answer(ctx, "DeleteObjectTagging", bucket, key, b.Backend.DeleteObjectTagging(ctx, bucket, key, version))
}

// DeleteObject deletes an object.
func (b *notifyingBackend) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput) (*s3.DeleteObjectOutput, error) {
	defer b.locks.deleting(deref(in.Bucket), deref(in.Key))()
	out, err := b.Backend.DeleteObject(ctx, in)
	return out, b.answer(ctx, "DeleteObject", deref(in.Bucket), deref(in.Key), err)
}

// DeleteObjects deletes the objects one by one.
func (b *notifyingBackend) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput) (s3response.DeleteResult, error) {
	var all s3response.DeleteResult
	for _, object := range in.Delete.Objects {
		one := *in
		one.Delete = &types.Delete{Objects: []types.ObjectIdentifier{object}, Quiet: in.Delete.Quiet}
		out, err := b.deleteOne(ctx, deref(in.Bucket), deref(object.Key), &one)
		if err != nil {
			return s3response.DeleteResult{}, err
		}
		all.Deleted = append(all.Deleted, out.Deleted...)
		all.Error = append(all.Error, out.Error...)
	}
	return all, nil
}

func (b *notifyingBackend) deleteOne(ctx context.Context, bucket, key string, in *s3.DeleteObjectsInput) (s3response.DeleteResult, error) {
	defer b.locks.deleting(bucket, key)()
	out, err := b.Backend.DeleteObjects(ctx, in)
	return out, b.answer(ctx, "DeleteObjects", bucket, key, err)
}

// ListObjects lists a bucket.
func (b *notifyingBackend) ListObjects(ctx context.Context, in *s3.ListObjectsInput) (s3response.ListObjectsResult, error) {
	out, err := b.files.ListObjectsParametrized(ctx, in, b.entries)
	return out, b.answer(ctx, "ListObjects", deref(in.Bucket), deref(in.Prefix), err)
}

// ListObjectsV2 lists a bucket.
func (b *notifyingBackend) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input) (s3response.ListObjectsV2Result, error) {
	out, err := b.files.ListObjectsV2Parametrized(ctx, in, b.entries)
	return out, b.answer(ctx, "ListObjectsV2", deref(in.Bucket), deref(in.Prefix), err)
}

// replacing is the name that the gateway gives a file for a moment before it takes another one's place.
var replacing = regexp.MustCompile(`^\..*\.sgwtmp\.[0-9]+$`)

// entries makes the entries of a list, each while its key is locked.
func (b *notifyingBackend) entries(bucket string, withOwner bool) backend.GetObjFunc {
	entry := b.files.FileToObj(bucket, withOwner)
	return func(key string, file fs.DirEntry) (s3response.Object, error) {
		if replacing.MatchString(file.Name()) {
			return s3response.Object{}, backend.ErrSkipObj
		}
		defer b.locks.reading(bucket, key)()
		return entry(key, file)
	}
}
