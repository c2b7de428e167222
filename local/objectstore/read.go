package objectstore

import (
	"context"
	"io/fs"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3response"
)

// GetObject reads an object. Its body is the file opened here: a writer
// replaces the file and does not change it.
func (b *notifyingBackend) GetObject(ctx context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	bucket, key := deref(in.Bucket), deref(in.Key)
	defer b.locks.reading(bucket, key)()
	place, version, err := b.versions.find(bucket, key, deref(in.VersionId))
	if err != nil {
		return nil, b.answer(ctx, "GetObject", bucket, key, err)
	}
	found := *in
	found.Key, found.VersionId = &place, nil
	out, err := b.Backend.GetObject(ctx, &found)
	if err == nil {
		out.VersionId = optional(version)
	}
	return out, b.answer(ctx, "GetObject", bucket, key, err)
}

// HeadObject reads an object's metadata.
func (b *notifyingBackend) HeadObject(ctx context.Context, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	bucket, key := deref(in.Bucket), deref(in.Key)
	defer b.locks.reading(bucket, key)()
	place, version, err := b.versions.find(bucket, key, deref(in.VersionId))
	if err != nil {
		return nil, b.answer(ctx, "HeadObject", bucket, key, err)
	}
	found := *in
	found.Key, found.VersionId = &place, nil
	out, err := b.Backend.HeadObject(ctx, &found)
	if err == nil {
		out.VersionId = optional(version)
	}
	return out, b.answer(ctx, "HeadObject", bucket, key, err)
}

// GetObjectAttributes reads an object's metadata.
func (b *notifyingBackend) GetObjectAttributes(ctx context.Context, in *s3.GetObjectAttributesInput) (s3response.GetObjectAttributesResponse, error) {
	bucket, key := deref(in.Bucket), deref(in.Key)
	defer b.locks.reading(bucket, key)()
	place, version, err := b.versions.find(bucket, key, deref(in.VersionId))
	if err != nil {
		return s3response.GetObjectAttributesResponse{}, b.answer(ctx, "GetObjectAttributes", bucket, key, err)
	}
	found := *in
	found.Key, found.VersionId = &place, nil
	out, err := b.Backend.GetObjectAttributes(ctx, &found)
	if err == nil {
		out.VersionId = optional(version)
	}
	return out, b.answer(ctx, "GetObjectAttributes", bucket, key, err)
}

// GetObjectTagging reads an object's tags.
func (b *notifyingBackend) GetObjectTagging(ctx context.Context, bucket, key, version string) (map[string]string, error) {
	defer b.locks.reading(bucket, key)()
	place, _, err := b.versions.find(bucket, key, version)
	if err != nil {
		return nil, b.answer(ctx, "GetObjectTagging", bucket, key, err)
	}
	tags, err := b.Backend.GetObjectTagging(ctx, bucket, place, "")
	return tags, b.answer(ctx, "GetObjectTagging", bucket, key, err)
}

// PutObjectTagging replaces an object's tags.
func (b *notifyingBackend) PutObjectTagging(ctx context.Context, bucket, key, version string, tags map[string]string) error {
	defer b.locks.writing(bucket, key)()
	place, _, err := b.versions.find(bucket, key, version)
	if err == nil {
		err = b.Backend.PutObjectTagging(ctx, bucket, place, "", tags)
	}
	return b.answer(ctx, "PutObjectTagging", bucket, key, err)
}

// DeleteObjectTagging removes an object's tags.
func (b *notifyingBackend) DeleteObjectTagging(ctx context.Context, bucket, key, version string) error {
	defer b.locks.writing(bucket, key)()
	place, _, err := b.versions.find(bucket, key, version)
	if err == nil {
		err = b.Backend.DeleteObjectTagging(ctx, bucket, place, "")
	}
	return b.answer(ctx, "DeleteObjectTagging", bucket, key, err)
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

// replacing matches the temporary name of a file that is about to replace
// another one.
var replacing = regexp.MustCompile(`^\..*\.sgwtmp\.[0-9]+$`)

// entries returns the entries of a list, each read while its key is locked.
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
