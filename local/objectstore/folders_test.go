package objectstore_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/local/objectstore"
)

// A folder is removed with its last object, while a multipart upload of another
// object of the folder is completed.
func TestUploadIsCompletedWhileItsFolderBecomesEmpty(t *testing.T) {
	const rounds = 100
	w := newWorld(t)
	client, bucket := once(w.addr), aws.String(objectstore.DataBucket)
	for round := range rounds {
		folder := fmt.Sprintf("users/u/output/%d/", round)
		last, key := folder+"last", folder+"deep/er/mesh.glb"
		w.put(last, "x")
		upload, err := client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		part, err := client.UploadPart(t.Context(), &s3.UploadPartInput{
			Bucket: bucket, Key: &key, UploadId: upload.UploadId, PartNumber: aws.Int32(1), Body: bytes.NewReader([]byte("mesh")),
		})
		if err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		both.Go(func() {
			if _, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: &last}); err != nil {
				t.Errorf("round %d: deleting the last object: %v", round, err)
			}
		})
		both.Go(func() {
			if _, err := client.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
				Bucket: bucket, Key: &key, UploadId: upload.UploadId, MultipartUpload: &types.CompletedMultipartUpload{
					Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32}},
				},
			}); err != nil {
				t.Errorf("round %d: completing the upload: %v", round, err)
			}
		})
		both.Wait()
	}
}
