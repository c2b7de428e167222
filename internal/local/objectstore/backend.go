package objectstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/valyala/fasthttp"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3response"
)

// notifyingBackend is the gateway's own backend with an event for each created object. Its own webhook events cannot
// serve: the one of a browser's POST names no key, and none survives the process.
type notifyingBackend struct {
	backend.Backend
	attributes meta.MetadataStorer
	metadata   string // folder of the attributes
	started    time.Time
	events     *notifier
}

// PutObject serves both the PUT and the browser's POST.
func (b *notifyingBackend) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	bucket, key := deref(in.Bucket), deref(in.Key)
	from, isPost := requestOf(ctx)
	name := createdByPut
	if isPost {
		name = createdByPost
	}
	var out s3response.PutObjectOutput
	err := b.create(ctx, name, bucket, key, from, func() (c creation, err error) {
		old := b.oldAttributes(bucket, key, attributesOf(in))
		if out, err = b.Backend.PutObject(ctx, in); err != nil {
			return creation{}, err
		}
		b.forget(bucket, key, old)
		return creation{size: deref(out.Size), etag: out.ETag, versionID: out.VersionID}, nil
	})
	if err != nil {
		return s3response.PutObjectOutput{}, err
	}
	return out, nil
}

// CompleteMultipartUpload makes the object of a multipart upload.
func (b *notifyingBackend) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	bucket, key := deref(in.Bucket), deref(in.Key)
	from, _ := requestOf(ctx)
	var (
		out     s3response.CompleteMultipartUploadResult
		version string
	)
	err := b.create(ctx, createdByMultipart, bucket, key, from, func() (c creation, err error) {
		old := b.oldAttributes(bucket, key, b.attributesOfUpload(bucket, key, deref(in.UploadId)))
		if out, version, err = b.Backend.CompleteMultipartUpload(ctx, in); err != nil {
			return creation{}, err
		}
		b.forget(bucket, key, old)
		return b.head(ctx, bucket, key, creation{etag: deref(out.ETag), versionID: version}), nil
	})
	if err != nil {
		return s3response.CompleteMultipartUploadResult{}, "", err
	}
	return out, version, nil
}

// CopyObject makes an object out of another one, or out of itself with other metadata.
func (b *notifyingBackend) CopyObject(ctx context.Context, in s3response.CopyObjectInput) (s3response.CopyObjectOutput, error) {
	bucket, key := deref(in.Bucket), deref(in.Key)
	from, _ := requestOf(ctx)
	var out s3response.CopyObjectOutput
	err := b.create(ctx, createdByCopy, bucket, key, from, func() (c creation, err error) {
		if out, err = b.Backend.CopyObject(ctx, in); err != nil {
			return creation{}, err
		}
		known := creation{versionID: deref(out.VersionId)}
		if out.CopyObjectResult != nil {
			known.etag = deref(out.CopyObjectResult.ETag)
		}
		return b.head(ctx, bucket, key, known), nil
	})
	if err != nil {
		return s3response.CopyObjectOutput{}, err
	}
	return out, nil
}

// creation is what an event says of the object that was made.
type creation struct {
	size            int64
	etag, versionID string
}

// create brackets write with the intent and the event, and finds out what its refusal means. Where the event cannot be
// queued the request fails although the object exists: the client tries again, and the intent stands should the process
// end first.
func (b *notifyingBackend) create(ctx context.Context, name, bucket, key string, from origin, write func() (creation, error)) error {
	it, err := b.events.intend(name, bucket, key, from)
	if err != nil {
		return err
	}
	made, err := write()
	if err != nil {
		err = b.orphan(ctx, bucket, key, b.vanished(ctx, bucket, key, err))
	}
	if it == nil {
		return err
	}
	if err != nil {
		if dropErr := b.events.drop(it); dropErr != nil {
			b.events.log.Error("an intent is left for the next start", "error", dropErr)
		}
		return err
	}
	return b.events.keep(it, made.size, made.etag, made.versionID)
}

// head reads back the object just made, whose size the gateway does not tell. The object's event is owed even if it is
// gone again by now, so what is known must do where it cannot be read.
func (b *notifyingBackend) head(ctx context.Context, bucket, key string, known creation) creation {
	head, err := b.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		b.events.log.Warn("a created object could not be read back for its event", "bucket", bucket, "key", key, "error", err)
		return known
	}
	return creation{size: deref(head.ContentLength), etag: deref(head.ETag), versionID: known.versionID}
}

// requestOf finds the HTTP request behind a backend call, and whether it is a browser's POST.
func requestOf(ctx context.Context) (from origin, isPost bool) {
	request, ok := ctx.(*fasthttp.RequestCtx)
	if !ok {
		return origin{}, false
	}
	return origin{
		RequestID: string(request.Response.Header.Peek("x-amz-request-id")),
		HostID:    string(request.Response.Header.Peek("x-amz-id-2")),
	}, request.IsPost()
}

// optionalAttributes are the files of an object's metadata that the gateway writes only where the object has them. Its
// names for them are part of what it keeps on disk.
var optionalAttributes = []string{
	"metadata", "content-type", "content-encoding", "content-language", "content-disposition", "cache-control",
	"expires", "website-redirect-location", "X-Amz-Tagging", "mp-metadata",
}

func attributesOf(in s3response.PutObjectInput) []string {
	present := map[string]bool{
		"metadata":                  len(in.Metadata) > 0,
		"content-type":              deref(in.ContentType) != "",
		"content-encoding":          deref(in.ContentEncoding) != "",
		"content-language":          deref(in.ContentLanguage) != "",
		"content-disposition":       deref(in.ContentDisposition) != "",
		"cache-control":             deref(in.CacheControl) != "",
		"expires":                   deref(in.Expires) != "",
		"website-redirect-location": deref(in.WebsiteRedirectLocation) != "",
		"X-Amz-Tagging":             deref(in.Tagging) != "",
	}
	return slices.DeleteFunc(slices.Clone(optionalAttributes), func(a string) bool { return !present[a] })
}

// attributesOfUpload lists what a multipart upload's start declared; the gateway keeps it beside the parts.
func (b *notifyingBackend) attributesOfUpload(bucket, key, uploadID string) []string {
	upload := path.Join(posix.MetaTmpMultipartDir, fmt.Sprintf("%x", sha256.Sum256([]byte(key))), uploadID)
	names, err := b.attributes.ListAttributes(bucket, upload)
	if err != nil {
		return optionalAttributes // better an old attribute kept than a new one lost
	}
	return append(names, "mp-metadata")
}

// oldAttributes reads the attributes of the object at key that an object with only the given ones would not have.
//
// The gateway's side-car store does not clear them when an object is replaced, so that a photo uploaded again without
// boxes would keep the boxes of the one before it.
func (b *notifyingBackend) oldAttributes(bucket, key string, given []string) map[string][]byte {
	names, err := b.attributes.ListAttributes(bucket, key)
	if err != nil || len(names) == 0 {
		return nil
	}
	old := map[string][]byte{}
	for _, name := range names {
		if !slices.Contains(optionalAttributes, name) || slices.Contains(given, name) {
			continue
		}
		if value, err := b.attributes.RetrieveAttribute(nil, bucket, key, name); err == nil {
			old[name] = value
		}
	}
	return old
}

// forget removes the old attributes, unless another writer has replaced them in the meantime.
func (b *notifyingBackend) forget(bucket, key string, old map[string][]byte) {
	for name, was := range old {
		now, err := b.attributes.RetrieveAttribute(nil, bucket, key, name)
		if err == nil && bytes.Equal(now, was) {
			err = b.attributes.DeleteAttribute(bucket, key, name)
		}
		if err != nil && !errors.Is(err, meta.ErrNoSuchKey) {
			b.events.log.Error("an attribute of a replaced object is left", "bucket", bucket, "key", key, "attribute", name, "error", err)
		}
	}
}
