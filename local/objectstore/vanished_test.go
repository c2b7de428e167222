package objectstore_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/local/objectstore"
)

// Markers of many users are created and deleted below one prefix, whose folder
// is removed with the last one.
func TestWritesDuringDeletesSucceed(t *testing.T) {
	w := newWorld(t)
	bucket := objectstore.DataBucket
	var writers sync.WaitGroup
	for writer := range 8 {
		writers.Go(func() {
			for n := range 60 {
				key := fmt.Sprintf("pending/user-%d/%d", writer, n)
				if _, err := w.tryPut(key, ""); err != nil {
					t.Errorf("putting %s: %v", key, err)
				}
				if _, err := w.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key}); err != nil {
					t.Errorf("deleting %s: %v", key, err)
				}
			}
		})
	}
	writers.Wait()
}

// The folder that a multipart upload's object needs can be removed with the
// last object in it while the upload is completed.
func TestMultipartUploadsDuringDeletesSucceed(t *testing.T) {
	w := newWorld(t)
	bucket := objectstore.DataBucket
	var clients sync.WaitGroup
	for user := range 8 {
		clients.Go(func() {
			for n := range 40 {
				key := fmt.Sprintf("users/%d/deep/folders/%d", user%2, n*8+user)
				if err := w.upload(key, "body"); err != nil {
					t.Errorf("uploading %s: %v", key, err)
				}
				if _, err := w.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key}); err != nil {
					t.Errorf("deleting %s: %v", key, err)
				}
			}
		})
	}
	clients.Wait()
}

// upload puts an object by a multipart upload of one part.
func (w *world) upload(key, body string) error {
	bucket := aws.String(objectstore.DataBucket)
	upload, err := w.s3.CreateMultipartUpload(w.ctx(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: &key})
	if err != nil {
		return err
	}
	part, err := w.s3.UploadPart(w.ctx(), &s3.UploadPartInput{
		Bucket: bucket, Key: &key, UploadId: upload.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader(body),
	})
	if err != nil {
		return err
	}
	_, err = w.s3.CompleteMultipartUpload(w.ctx(), &s3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: &key, UploadId: upload.UploadId, MultipartUpload: &types.CompletedMultipartUpload{
			Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: part.ETag}},
		},
	})
	return err
}
