package objectstore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/s3err"
)

// vanished finds out what a refused write means. The gateway keeps objects in
// folders and removes a folder with its last object. A write whose folder goes
// meanwhile is refused as if an object stood where a folder is; S3 has neither, so
// the client is asked to try again, as SDKs do by themselves.
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
