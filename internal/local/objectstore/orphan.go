package objectstore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/s3err"
)

// writing is far longer than the gateway takes between an object's attributes and the
// object itself.
const writing = 10 * time.Second

// orphan finds out what a refused first write means. The gateway writes an object's
// attributes before the object, and takes an ETag for the object: a process killed
// between the two leaves attributes that refuse every If-None-Match: * for ever, while
// a read finds nothing. They are removed, and the client is asked to try again, as
// SDKs do by themselves.
func (b *notifyingBackend) orphan(ctx context.Context, bucket, key string, err error) error {
	if !isCode(err, s3err.ErrPreconditionFailed) {
		return err
	}
	if _, head := b.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key}); !notFound(head) {
		return err
	}
	etag, missing := os.Stat(filepath.Join(b.metadata, bucket, key, "meta", "etag"))
	if missing != nil || etag.ModTime().After(b.started) && time.Since(etag.ModTime()) < writing {
		return err // another writer is at it
	}
	b.events.log.WarnContext(ctx, "removing the attributes of an object that was never finished", "bucket", bucket, "key", key)
	if removing := b.attributes.DeleteAttributes(bucket, key); removing != nil {
		return errors.Join(err, removing)
	}
	return s3err.GetAPIError(s3err.ErrSlowDown)
}
