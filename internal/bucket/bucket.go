// Package bucket reads and writes a job's documents in the data bucket. It is
// the one place that turns the vocabulary of [gen3d/internal/job] into S3
// calls; the functions and the model server share it.
//
// Every write says which race it can lose: documents that must be written once
// carry If-None-Match: *, and the lease on the mail and a user's claims If-Match.
// A write with If-Match takes the right to read the object as well.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
package bucket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// API is what this package calls of S3; *s3.Client has it.
type API interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	CopyObject(context.Context, *s3.CopyObjectInput, ...func(*s3.Options)) (*s3.CopyObjectOutput, error)
	DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
	DeleteObjects(context.Context, *s3.DeleteObjectsInput, ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
}

// Bucket is the data bucket.
type Bucket struct {
	api  API
	name string
}

// New makes the data bucket called name.
func New(api API, name string) *Bucket { return &Bucket{api: api, name: name} }

// Name of the bucket.
func (b *Bucket) Name() string { return b.name }

// ErrNotFound marks a document that does not exist.
var ErrNotFound = errors.New("no such object in the data bucket")

// ErrConflict marks a conditional write that lost to another one.
var ErrConflict = errors.New("another write came first")

// maxDocument bounds what is read of a document. The largest, a manifest of 16
// labeled objects, has about 4 KB.
const maxDocument = 256 << 10

// get reads a document whole, with its ETag as S3 quotes it.
func (b *Bucket) get(ctx context.Context, key string) ([]byte, string, error) {
	out, err := b.api.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return nil, "", fmt.Errorf("getting %s: %w", key, classify(err))
	}
	defer func() { _ = out.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(out.Body, maxDocument+1))
	if err != nil {
		return nil, "", fmt.Errorf("reading %s: %w", key, err)
	}
	if len(data) > maxDocument {
		return nil, "", fmt.Errorf("%s is larger than a document can be (%d bytes)", key, maxDocument)
	}
	return data, aws.ToString(out.ETag), nil
}

func read[T any](ctx context.Context, b *Bucket, key string) (*T, string, error) {
	data, etag, err := b.get(ctx, key)
	if err != nil {
		return nil, "", err
	}
	doc := new(T)
	if err := json.Unmarshal(data, doc); err != nil {
		return nil, "", fmt.Errorf("reading %s as JSON: %w", key, err)
	}
	return doc, etag, nil
}

// condition limits a write.
type condition func(*s3.PutObjectInput)

func ifAbsent(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }

func ifUnchanged(etag string) condition {
	return func(in *s3.PutObjectInput) { in.IfMatch = &etag }
}

// put writes a document and returns its new ETag as S3 quotes it.
func (b *Bucket) put(ctx context.Context, key string, doc any, conditions ...condition) (string, error) {
	data, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return "", fmt.Errorf("writing %s as JSON: %w", key, err)
	}
	in := &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: bytes.NewReader(data),
		ContentType: aws.String("application/json"), CacheControl: aws.String("no-store"),
	}
	for _, limit := range conditions {
		limit(in)
	}
	out, err := b.api.PutObject(ctx, in)
	if err != nil {
		return "", fmt.Errorf("putting %s: %w", key, classify(err))
	}
	return aws.ToString(out.ETag), nil
}

// create writes a document that must not exist yet. Where it does, it stands,
// and created is false.
func (b *Bucket) create(ctx context.Context, key string, doc any) (created bool, err error) {
	_, err = b.put(ctx, key, doc, ifAbsent)
	if errors.Is(err, ErrConflict) {
		return false, nil
	}
	return err == nil, err
}

// classify marks the answers that callers decide on. 409 is the answer to a
// conditional write that ran into another one that was still going on.
func classify(err error) error {
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		return err
	}
	switch answer.ErrorCode() {
	case "NoSuchKey", "NotFound", "NoSuchVersion":
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case "PreconditionFailed", "ConditionalRequestConflict":
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return err
}

// each calls visit for every object under prefix in the order of their keys,
// a page of 1,000 at a time, until it returns false.
func (b *Bucket) each(ctx context.Context, prefix string, visit func(types.Object) bool) error {
	return b.eachAfter(ctx, prefix, "", visit)
}

// eachAfter is each for the keys that come after another one, which need not exist.
func (b *Bucket) eachAfter(ctx context.Context, prefix, after string, visit func(types.Object) bool) error {
	pages := s3.NewListObjectsV2Paginator(b.api, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix, StartAfter: optional(after)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("listing %s: %w", prefix, err)
		}
		for _, object := range page.Contents {
			if !visit(object) {
				return nil
			}
		}
	}
	return nil
}

// deleteAll removes every object under prefix.
func (b *Bucket) deleteAll(ctx context.Context, prefix string) error {
	var batch []types.ObjectIdentifier
	err := b.each(ctx, prefix, func(o types.Object) bool {
		batch = append(batch, types.ObjectIdentifier{Key: o.Key})
		return true
	})
	if err != nil {
		return err
	}
	const most = 1000 // a DeleteObjects request
	for len(batch) > 0 {
		n := min(len(batch), most)
		out, err := b.api.DeleteObjects(ctx, &s3.DeleteObjectsInput{
			Bucket: &b.name, Delete: &types.Delete{Objects: batch[:n], Quiet: aws.Bool(true)},
		})
		if err != nil {
			return fmt.Errorf("deleting under %s: %w", prefix, err)
		}
		for _, refused := range out.Errors {
			if aws.ToString(refused.Code) != "NoSuchKey" {
				return fmt.Errorf("deleting %s: %s", aws.ToString(refused.Key), aws.ToString(refused.Message))
			}
		}
		batch = batch[n:]
	}
	return nil
}

// remove deletes one object; it is no error if there is none. S3 never says so,
// but a store on one machine may where two deletes meet.
func (b *Bucket) remove(ctx context.Context, key string) error {
	_, err := b.api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key})
	if err = classify(err); err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("deleting %s: %w", key, err)
	}
	return nil
}

// trimETag takes off the quotes that S3 puts round an ETag.
func trimETag(etag string) string { return strings.Trim(etag, `"`) }
