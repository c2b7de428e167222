package objectstore

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3response"
)

// CreateMultipartUpload starts a multipart upload.
func (b *notifyingBackend) CreateMultipartUpload(ctx context.Context, in s3response.CreateMultipartUploadInput) (s3response.InitiateMultipartUploadResult, error) {
	bucket, key := deref(in.Bucket), deref(in.Key)
	if err := b.admitted(bucket, key, 0); err != nil {
		return s3response.InitiateMultipartUploadResult{}, err
	}
	defer b.locks.writing(bucket, key)()
	out, err := b.Backend.CreateMultipartUpload(ctx, in)
	return out, b.answer(ctx, "CreateMultipartUpload", bucket, key, err)
}

// AbortMultipartUpload aborts a multipart upload.
func (b *notifyingBackend) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput) error {
	bucket, key := deref(in.Bucket), deref(in.Key)
	defer b.locks.deleting(bucket, key)()
	return b.answer(ctx, "AbortMultipartUpload", bucket, key, b.Backend.AbortMultipartUpload(ctx, in))
}

// CompleteMultipartUpload creates the object of a multipart upload.
func (b *notifyingBackend) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (out s3response.CompleteMultipartUploadResult, version string, err error) {
	bucket, key := deref(in.Bucket), deref(in.Key)
	from, _ := requestOf(ctx)
	err = b.create(ctx, createdByMultipart, bucket, key, from, func(w *write) (c creation, err error) {
		unlock := b.locks.writingKey(bucket, key)
		inFolders := false
		// The write begins with the folders of its metadata.
		b.locks.folders.RLock()
		err = w.beginWith(func() {
			if inFolders {
				b.locks.folders.RUnlock()
			}
			unlock()
		})
		b.locks.folders.RUnlock()
		if err != nil {
			return creation{}, err
		}
		left := 0
		if in.MultipartUpload != nil {
			left = len(in.MultipartUpload.Parts)
		}
		// The gateway calls this for each part, in order. The folders
		// are locked only after the last one, because copies can take
		// long.
		out, _, err = b.files.CompleteMultipartUploadWithCopy(ctx, in, func(part, object *os.File) (again bool, err error) {
			err = appendPart(object, part)
			if left--; left == 0 {
				b.locks.folders.RLock()
				inFolders = true
			}
			return true, err
		})
		if err != nil {
			return creation{}, err
		}
		if left := b.attributes.forgetUpload(bucket, key, deref(in.UploadId)); left != nil {
			b.log.WarnContext(ctx, "a complete multipart upload leaves files", "bucket", bucket, "key", key, "error", left.Error())
		}
		version = w.version
		return b.head(ctx, bucket, key, creation{etag: deref(out.ETag), versionID: version}), nil
	})
	if err != nil {
		return s3response.CompleteMultipartUploadResult{}, "", b.answer(ctx, "CompleteMultipartUpload", bucket, key, err)
	}
	return out, version, nil
}

// appendPart copies a part to the end of the object. If it fails, both files
// are unchanged, and the gateway copies the part itself.
func appendPart(object, part *os.File) error {
	end, err := object.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err = io.Copy(object, part); err != nil {
		_, rewound := part.Seek(0, io.SeekStart)
		return errors.Join(err, object.Truncate(end), rewound)
	}
	return nil
}

// CopyObject creates an object from another one, or from itself with other
// metadata.
func (b *notifyingBackend) CopyObject(ctx context.Context, in s3response.CopyObjectInput) (out s3response.CopyObjectOutput, err error) {
	bucket, key := deref(in.Bucket), deref(in.Key)
	from, _ := requestOf(ctx)
	sourceBucket, source, sourceVersion, err := backend.ParseCopySource(deref(in.CopySource))
	if err != nil {
		return s3response.CopyObjectOutput{}, err
	}
	itself := b.locks.of(bucket, key) == b.locks.of(sourceBucket, source) && bucket == sourceBucket && key == source
	if !itself {
		if err := b.admitted(bucket, key, 0); err != nil {
			return s3response.CopyObjectOutput{}, err
		}
	}
	err = b.create(ctx, createdByCopy, bucket, key, from, func(w *write) (c creation, err error) {
		if err := w.beginWith(b.locks.copying(sourceBucket, source, bucket, key)); err != nil {
			return creation{}, err
		}
		place, found, err := b.versions.find(sourceBucket, source, sourceVersion)
		if err != nil {
			return creation{}, err
		}
		switch {
		case itself && w.version == "":
			if err := w.metadata.keep(bucket, key); err != nil {
				return creation{}, err
			}
		case itself && place == key && w.kept != "" && in.MetadataDirective == types.MetadataDirectiveReplace:
			place = w.kept // so that the new version gets its own file
		}
		in.CopySource = copySource(sourceBucket, place)
		if out, err = b.Backend.CopyObject(ctx, in); err != nil {
			return creation{}, err
		}
		known := creation{versionID: w.version}
		out.VersionId, out.CopySourceVersionId = optional(w.version), optional(found)
		if out.CopyObjectResult != nil {
			known.etag = deref(out.CopyObjectResult.ETag)
		}
		return b.head(ctx, bucket, key, known), nil
	})
	if err != nil {
		return s3response.CopyObjectOutput{}, b.answer(ctx, "CopyObject", bucket, key, err)
	}
	return out, nil
}

// head returns the size of the created object, which the gateway does not
// return. Its key is still locked.
func (b *notifyingBackend) head(ctx context.Context, bucket, key string, known creation) creation {
	info, err := os.Stat(bucket + "/" + key)
	if err == nil {
		known.size = info.Size()
	} else if !errors.Is(err, os.ErrNotExist) {
		b.log.WarnContext(ctx, "the size of a created object is unknown for its event", "bucket", bucket, "key", key, "error", err.Error())
	}
	return known
}

// UploadPartCopy creates a part of a multipart upload from an object.
func (b *notifyingBackend) UploadPartCopy(ctx context.Context, in *s3.UploadPartCopyInput) (s3response.CopyPartResult, error) {
	sourceBucket, source, sourceVersion, err := backend.ParseCopySource(deref(in.CopySource))
	if err != nil {
		return s3response.CopyPartResult{}, err
	}
	defer b.locks.reading(sourceBucket, source)()
	place, found, err := b.versions.find(sourceBucket, source, sourceVersion)
	if err != nil {
		return s3response.CopyPartResult{}, err
	}
	part := *in
	part.CopySource = copySource(sourceBucket, place)
	out, err := b.Backend.UploadPartCopy(ctx, &part)
	out.CopySourceVersionId = found
	return out, b.answer(ctx, "UploadPartCopy", deref(in.Bucket), deref(in.Key), err)
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// UploadPart stores a part of a multipart upload.
func (b *notifyingBackend) UploadPart(ctx context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	out, err := b.Backend.UploadPart(ctx, in)
	return out, b.answer(ctx, "UploadPart", deref(in.Bucket), deref(in.Key), err)
}
