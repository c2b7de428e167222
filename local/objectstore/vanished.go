package objectstore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/s3err"
)

// vanished maps the error of a write whose folder was removed concurrently. The
// gateway stores objects in folders and removes a folder with its last object.
// It refuses such a write as if a folder were in the object's place, an error
// that S3 does not have. The returned error makes SDKs retry the write.
func (b *notifyingBackend) vanished(ctx context.Context, bucket, key string, err error) error {
	if !isCode(err, s3err.ErrExistingObjectIsDirectory) {
		return err
	}
	below, listed := b.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: aws.String(key + "/"), MaxKeys: aws.Int32(1)})
	if listed != nil || len(below.Contents) > 0 {
		return err
	}
	return s3err.GetAPIError(s3err.ErrSlowDown)
}
