package objectstore_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/local/objectstore"
)

// "If any part uploads are currently in progress, those part uploads might or
// might not succeed":
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
// An upload that has ended is not listed again for them.
func TestUploadThatEndsDuringAPartHasEnded(t *testing.T) {
	bucket, key := aws.String(objectstore.DataBucket), aws.String("users/u/input/photo.jpg")
	for name, end := range map[string]func(*world, *string, *s3.UploadPartOutput) error{
		"aborted": func(w *world, id *string, _ *s3.UploadPartOutput) error {
			_, err := w.s3.AbortMultipartUpload(w.ctx(), &s3.AbortMultipartUploadInput{Bucket: bucket, Key: key, UploadId: id})
			return err
		},
		"completed": func(w *world, id *string, first *s3.UploadPartOutput) error {
			_, err := w.s3.CompleteMultipartUpload(w.ctx(), &s3.CompleteMultipartUploadInput{
				Bucket: bucket, Key: key, UploadId: id,
				MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: first.ETag}}},
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			upload, err := w.s3.CreateMultipartUpload(w.ctx(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
			if err != nil {
				t.Fatal(err)
			}
			first, err := w.s3.UploadPart(w.ctx(), &s3.UploadPartInput{
				Bucket: bucket, Key: key, UploadId: upload.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("part 1"),
			})
			if err != nil {
				t.Fatal(err)
			}
			// More than the buffers of the connections hold, so that the store has
			// begun to read the part when the most of it is written.
			const size = 24 << 20
			answer := make(chan string, 1)
			sender := w.sendPart(key, upload.UploadId, size, answer)
			if _, err := sender.Write(bytes.Repeat([]byte("x"), size-1)); err != nil {
				t.Fatal(err)
			}
			if err := end(w, upload.UploadId, first); err != nil {
				t.Fatal(err)
			}
			if _, err := sender.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			if said := <-answer; !strings.Contains(said, "<Code>NoSuchUpload</Code>") {
				t.Errorf("the part is answered %s", said)
			}
			left, err := w.s3.ListMultipartUploads(w.ctx(), &s3.ListMultipartUploadsInput{Bucket: bucket})
			if err != nil || len(left.Uploads) > 0 {
				t.Errorf("uploads are left: %+v, %v", left.Uploads, err)
			}
		})
	}
}

// sendPart begins to upload part 2, whose bytes are written to the pipe, and
// sends the answer's text.
func (w *world) sendPart(key, upload *string, size int64, answer chan<- string) *io.PipeWriter {
	w.Helper()
	signed, err := s3.NewPresignClient(w.s3).PresignUploadPart(w.ctx(), &s3.UploadPartInput{
		Bucket: aws.String(objectstore.DataBucket), Key: key, UploadId: upload, PartNumber: aws.Int32(2),
	})
	if err != nil {
		w.Fatal(err)
	}
	body, sender := io.Pipe()
	request, err := http.NewRequestWithContext(context.WithoutCancel(w.Context()), signed.Method, signed.URL, body)
	if err != nil {
		w.Fatal(err)
	}
	request.ContentLength = size
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			text = []byte(err.Error())
		}
		answer <- string(text)
	}()
	return sender
}
