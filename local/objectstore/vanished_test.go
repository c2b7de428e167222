package objectstore_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

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
