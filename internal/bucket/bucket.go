// Package bucket reads and writes a job's documents in the data bucket. It maps
// the documents of [gen3d/internal/job] to S3 calls for the functions and the
// model server.
//
// Conflicting writes are prevented by conditions: documents that must be
// written once have If-None-Match: *, and the lease on the mails and a user's
// claims have If-Match. The writers of both need the permission to read the
// object as well. S3 refuses such a write in two ways: 412 if the condition does
// not hold, 409 if another write was in progress, after which the write must be
// tried again. A write whose response was lost is repeated by the SDK, and then
// its condition does not hold because of the write itself; the content tells.
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
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// API are the operations of S3 that this package calls. *s3.Client implements
// it.
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

// New returns the data bucket with the given name.
func New(api API, name string) *Bucket { return &Bucket{api: api, name: name} }

// Name returns the name of the bucket.
func (b *Bucket) Name() string { return b.name }

// ErrNotFound is returned for an object that does not exist.
var ErrNotFound = errors.New("no such object in the data bucket")

// ErrConflict is returned for a conditional request whose condition does not
// hold because another write came first.
var ErrConflict = errors.New("another write came first")

// ErrUnreadable is returned for a document that is not what the service writes:
// not JSON, or too large.
var ErrUnreadable = errors.New("the document cannot be read")

// errOngoing is returned for a conditional request that S3 has refused at each
// attempt because of another write in progress. The condition may hold.
var errOngoing = errors.New("another write is in progress")

// maxDocument limits the size of a document, in bytes. The largest, a manifest
// of 16 objects with 16 points each, has about 35 KB.
const maxDocument = 256 << 10

// get reads a document. It returns the ETag with S3's quotes.
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
		return nil, "", fmt.Errorf("%s: %w: it is larger than %d bytes", key, ErrUnreadable, maxDocument)
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
		return nil, "", fmt.Errorf("%s: %w: %w", key, ErrUnreadable, err)
	}
	return doc, etag, nil
}

// condition sets a condition of a write.
type condition func(*s3.PutObjectInput)

func ifAbsent(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }

func ifUnchanged(etag string) condition {
	return func(in *s3.PutObjectInput) { in.IfMatch = &etag }
}

// conflicting is S3's error code for a conditional write during another one. Its
// status is 409, and the SDK does not retry it by itself.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
const conflicting = "ConditionalRequestConflict"

// maxAttempts is how often a conditional write is tried that S3 answers with
// conflicting.
const maxAttempts = 5

func retryConflicting(o *s3.Options) {
	o.Retryer = retry.AddWithMaxAttempts(retry.AddWithErrorCodes(o.Retryer, conflicting), maxAttempts)
}

// repeated reports whether S3's answer was to a repeated attempt of a request.
// The SDK numbers the attempts in a header: attempt=2; max=3.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
func repeated(err error) bool {
	var answer *smithyhttp.ResponseError
	if !errors.As(err, &answer) || answer.HTTPResponse().Response == nil || answer.HTTPResponse().Request == nil {
		return false
	}
	attempt, _, _ := strings.Cut(answer.HTTPResponse().Request.Header.Get("Amz-Sdk-Request"), ";")
	return attempt != "attempt=1"
}

// put writes a document and returns its new ETag with S3's quotes. If the
// condition of a repeated request does not hold but the document has the same
// content, an earlier attempt has written it, which is a success. The content
// alone does not tell: two runs may write the same, and one of them is the first.
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
	out, err := b.api.PutObject(ctx, in, retryConflicting)
	if err == nil {
		return aws.ToString(out.ETag), nil
	}
	err = fmt.Errorf("putting %s: %w", key, classify(err))
	if !errors.Is(err, ErrConflict) || !repeated(err) {
		return "", err
	}
	stored, etag, reading := b.get(ctx, key)
	switch {
	case reading == nil && bytes.Equal(stored, data):
		return etag, nil
	case reading != nil && !errors.Is(reading, ErrNotFound): // it was deleted in the meantime
		return "", fmt.Errorf("%w, and %w", reading, err)
	}
	return "", err
}

// create writes a document unless it exists. If it does, created is false, and
// the document is not changed.
func (b *Bucket) create(ctx context.Context, key string, doc any) (created bool, err error) {
	_, err = b.put(ctx, key, doc, ifAbsent)
	if errors.Is(err, ErrConflict) {
		return false, nil
	}
	return err == nil, err
}

// classify wraps err with [ErrNotFound], [ErrConflict] or errOngoing according
// to S3's error code.
func classify(err error) error {
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		return err
	}
	switch answer.ErrorCode() {
	case "NoSuchKey", "NotFound", "NoSuchVersion":
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case "PreconditionFailed":
		return fmt.Errorf("%w: %w", ErrConflict, err)
	case conflicting:
		return fmt.Errorf("%w: %w", errOngoing, err)
	}
	return err
}

// each calls visit for every object under prefix, in the order of the keys,
// until visit returns false.
func (b *Bucket) each(ctx context.Context, prefix string, visit func(types.Object) bool) error {
	return b.eachAfter(ctx, prefix, "", visit)
}

// eachAfter is like each for the keys after another one, which need not exist.
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

// deleteAll deletes every object under prefix, also those that are written
// meanwhile.
func (b *Bucket) deleteAll(ctx context.Context, prefix string) error {
	for {
		stored, err := b.List(ctx, prefix)
		if err != nil || len(stored) == 0 {
			return err
		}
		var keys []string
		for _, o := range stored {
			keys = append(keys, o.Key)
		}
		if err := b.Delete(ctx, keys...); err != nil {
			return err
		}
	}
}

// remove deletes one object. It is no error if the object does not exist. S3
// never returns one, but a local store can if two deletes run concurrently.
func (b *Bucket) remove(ctx context.Context, key string) error {
	_, err := b.api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key})
	if err = classify(err); err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("deleting %s: %w", key, err)
	}
	return nil
}

// trimETag removes S3's quotes around an ETag.
func trimETag(etag string) string { return strings.Trim(etag, `"`) }
