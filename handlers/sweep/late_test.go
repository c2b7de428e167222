package sweep_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// arrival stores a job's photo before the n-th call, and marks the job as
// Extract does then.
type arrival struct {
	*testing.T
	ref   job.Ref
	key   string
	n     int
	calls atomic.Int64
}

func (a *arrival) RoundTrip(r *http.Request) (*http.Response, error) {
	if int(a.calls.Add(1)) == a.n {
		client := s3test.Client(nil)
		if _, err := client.PutObject(a.Context(), &s3.PutObjectInput{
			Bucket: aws.String(s3test.Bucket), Key: &a.key, Body: strings.NewReader("a photo"), ContentType: aws.String("image/jpeg"),
		}); err != nil {
			a.Fatal(err)
		}
		if err := bucket.New(client, s3test.Bucket).MarkPhoto(a.Context(), a.ref, a.key); err != nil {
			a.Fatal(err)
		}
	}
	return s3test.Transport.RoundTrip(r)
}

// Without a marker a job counts against no limit, and nothing ends it if an event
// is lost.
func TestAPhotoThatArrivesDuringARunKeepsItsMarker(t *testing.T) {
	for n, reached := 1, true; reached; n++ {
		t.Run(fmt.Sprintf("before call %d", n), func(t *testing.T) {
			w := newWorld(t)
			ref := w.newRef()
			key := ref.PhotoKey("a", ".jpg")
			w.announce(ref, key, time.Now().Add(10*time.Minute))
			arrives := &arrival{T: t, ref: ref, key: key, n: n}
			w.bucket = bucket.New(s3test.Client(arrives), s3test.Bucket)
			w.sweep(stalled)
			if reached = int(arrives.calls.Load()) >= n; reached && !w.has(ref.PendingKey()) {
				t.Error("the job has no marker")
			}
		})
	}
}
