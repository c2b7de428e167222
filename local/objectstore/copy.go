package objectstore

import (
	"context"
	"errors"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3response"
)

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

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
