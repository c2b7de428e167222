package bucket_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// conditionalWrites are the writes with a condition. Each must succeed.
var conditionalWrites = map[string]func(context.Context, *testing.T, *bucket.Bucket, job.Ref) error{
	"upload": func(ctx context.Context, _ *testing.T, b *bucket.Bucket, ref job.Ref) error {
		return b.CreateUpload(ctx, &job.Upload{Version: job.Version, JobID: ref.Job, UserID: ref.User, Name: "x.jpg"})
	},
	"manifest": func(ctx context.Context, _ *testing.T, b *bucket.Bucket, ref job.Ref) error {
		return created(b.CreateManifest(ctx, newManifest(ref, "cup")))
	},
	"result": func(ctx context.Context, _ *testing.T, b *bucket.Bucket, ref job.Ref) error {
		return created(b.CreateResult(ctx, ref, job.Result{Version: job.Version, Index: 1, Status: job.StatusSucceeded}))
	},
	"lease": func(ctx context.Context, _ *testing.T, b *bucket.Bucket, ref job.Ref) error {
		return stored(b.CreateNotice(ctx, ref, job.Notice{Version: job.Version, Holder: "first"}))
	},
	"record": func(ctx context.Context, t *testing.T, b *bucket.Bucket, ref job.Ref) error {
		etag, err := open().CreateNotice(t.Context(), ref, job.Notice{Version: job.Version, Holder: "first"})
		if err != nil {
			t.Fatal(err)
		}
		return stored(b.ReplaceNotice(ctx, ref, job.Notice{Version: job.Version, Holder: "first", SentAt: time.Now()}, etag))
	},
}

func created(made bool, err error) error {
	if err == nil && !made {
		return errors.New("the document is said to exist")
	}
	return err
}

func stored(etag string, err error) error {
	if err == nil && etag == "" {
		return errors.New("there is no ETag")
	}
	return err
}

func TestConditionalWriteDuringAnotherIsTriedAgain(t *testing.T) {
	for name, write := range conditionalWrites {
		t.Run(name, func(t *testing.T) {
			refused := 0
			b := bucket.New(s3test.Client(transport(func(r *http.Request) (*http.Response, error) {
				if r.Method != http.MethodPut || refused > 0 {
					return s3test.Transport.RoundTrip(r)
				}
				refused++
				return conflicting(r), nil
			})), s3test.Bucket)
			if err := write(t.Context(), t, b, newRef(t)); err != nil || refused != 1 {
				t.Errorf("refused %d times, it gives %v", refused, err)
			}
		})
	}
}

func TestConditionalWriteThatIsAlwaysRefusedIsNoExistingDocument(t *testing.T) {
	b := bucket.New(s3test.Client(transport(func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodPut {
			return s3test.Transport.RoundTrip(r)
		}
		return conflicting(r), nil
	})), s3test.Bucket)
	if _, err := b.CreateResult(t.Context(), newRef(t), job.Result{Version: job.Version, Index: 1}); err == nil {
		t.Error("the result is said to exist")
	}
}

func TestConditionalWriteWhoseAnswerWasLostSucceeds(t *testing.T) {
	for name, write := range conditionalWrites {
		t.Run(name, func(t *testing.T) {
			lost := 0
			b := openLosing(&lost)
			if err := write(t.Context(), t, b, newRef(t)); err != nil || lost != 1 {
				t.Errorf("cut %d times, it gives %v", lost, err)
			}
		})
	}
}

// conflicting is the answer of S3 to a conditional write during another one.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
func conflicting(r *http.Request) *http.Response {
	_ = r.Body.Close()
	body := `<?xml version="1.0" encoding="UTF-8"?><Error><Code>ConditionalRequestConflict</Code><Message>The conditional request cannot succeed due to a conflicting operation against this resource.</Message></Error>`
	return &http.Response{
		StatusCode: http.StatusConflict, Header: http.Header{"Content-Type": {"application/xml"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}
