package transfer_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"gen3d/tests/support/s3test"
)

func TestConcurrentPushesStoreTheRightFiles(t *testing.T) {
	w := newWorld(t)
	w.hub.Rate = 60 << 20
	w.interrupt(partMiB) // so that both find the same upload
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := w.push(t.Context(), s3test.Client(nil), &tally{}); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	w.mustPush() // deletes what the slower one wrote for an upload that the other ended
	for path, from := range usual {
		if got := w.sum(path); got != w.hub.SHA256(from[0], from[1]) {
			t.Errorf("%s has SHA-256 %s", path, got)
		}
	}
	if !w.plan().Finished() {
		t.Error("the bucket is not finished")
	}
}

// racing is an S3 in which another push sends a part again before the first
// completion, which changes the part's ETag with a KMS key.
type racing struct {
	*s3.Client
	races int
}

func (r *racing) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput, o ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error) {
	if r.races > 0 {
		r.races--
		return nil, &smithy.GenericAPIError{Code: "InvalidPart", Message: "One or more of the specified parts could not be found"}
	}
	return r.Client.CompleteMultipartUpload(ctx, in, o...)
}

func TestCompletionIsRetriedAfterARace(t *testing.T) {
	w := newWorld(t)
	if err := w.push(t.Context(), &racing{Client: w.s3, races: 2}, &tally{}); err != nil {
		t.Fatal(err)
	}
	w.tidy(usual)
}

// swapping is an S3 in which another push has sent other bytes as a part.
type swapping struct {
	*s3.Client
	once sync.Once
}

func (s *swapping) UploadPart(ctx context.Context, in *s3.UploadPartInput, o ...func(*s3.Options)) (*s3.UploadPartOutput, error) {
	out, err := s.Client.UploadPart(ctx, in, o...)
	if *in.PartNumber == 2 {
		s.once.Do(func() {
			other := *in
			other.Body, other.ChecksumSHA256 = strings.NewReader(strings.Repeat("x", partMiB)), nil
			if _, failed := s.Client.UploadPart(ctx, &other); failed != nil {
				err = failed
			}
		})
	}
	return out, err
}

func TestPartReplacedByAnotherPushIsNotUsed(t *testing.T) {
	w := newWorld(t)
	if err := w.push(t.Context(), &swapping{Client: w.s3}, &tally{}); err != nil {
		t.Fatal(err)
	}
	w.tidy(usual)
}
