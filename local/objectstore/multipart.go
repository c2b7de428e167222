package objectstore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3err"
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

// UploadPart stores a part of a multipart upload. If the upload ends while the
// part is in transfer, the part is refused: the gateway would put it into a new
// folder, which would be an upload again.
func (b *notifyingBackend) UploadPart(ctx context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	bucket, key, unlock := deref(in.Bucket), deref(in.Key), func() {}
	defer func() { unlock() }()
	part := *in
	part.Body = &body{Reader: in.Body, whole: func() error {
		unlock = b.locks.adding(bucket, key)
		return uploadExists(bucket, key, deref(in.UploadId))
	}}
	out, err := b.Backend.UploadPart(ctx, &part)
	return out, b.answer(ctx, "UploadPart", bucket, key, err)
}

func uploadExists(bucket, key, upload string) error {
	_, err := os.Stat(filepath.Join(bucket, posix.MetaTmpMultipartDir, fmt.Sprintf("%x", sha256.Sum256([]byte(key))), upload))
	if errors.Is(err, os.ErrNotExist) {
		return s3err.GetNoSuchUploadErr(upload)
	}
	return err
}

// UploadPartCopy creates a part of a multipart upload from an object.
func (b *notifyingBackend) UploadPartCopy(ctx context.Context, in *s3.UploadPartCopyInput) (s3response.CopyPartResult, error) {
	sourceBucket, source, sourceVersion, err := backend.ParseCopySource(deref(in.CopySource))
	if err != nil {
		return s3response.CopyPartResult{}, err
	}
	defer b.locks.adding(deref(in.Bucket), deref(in.Key))()
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

// CompleteMultipartUpload creates the object of a multipart upload.
func (b *notifyingBackend) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (out s3response.CompleteMultipartUploadResult, version string, err error) {
	bucket, key := deref(in.Bucket), deref(in.Key)
	from, _ := requestOf(ctx)
	defer b.locks.ending(bucket, key)()
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

// AbortMultipartUpload aborts a multipart upload.
func (b *notifyingBackend) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput) error {
	bucket, key := deref(in.Bucket), deref(in.Key)
	defer b.locks.ending(bucket, key)()
	defer b.locks.deleting(bucket, key)()
	return b.answer(ctx, "AbortMultipartUpload", bucket, key, b.Backend.AbortMultipartUpload(ctx, in))
}
