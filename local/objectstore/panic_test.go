package objectstore_test

import (
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/local/objectstore"
)

// Calls of the backend panic: a PUT before its key is locked, the others while
// it is.
func TestAStoreAnswersAndLogsPanics(t *testing.T) {
	const key = "users/u/input/photo.jpg"
	log := make(lines, 100)
	var broken atomic.Bool
	w := newWorld(t, func(cfg *objectstore.Config) {
		versioned := cfg.Versioned
		cfg.Versioned = func(bucket, key string) bool {
			if broken.Load() {
				panic("a nil dereference")
			}
			return versioned(bucket, key)
		}
		cfg.Log = slog.New(slog.NewJSONHandler(log, nil))
	})
	w.put(key, "a photo")
	bucket, once := aws.String(objectstore.DataBucket), func(o *s3.Options) { o.RetryMaxAttempts = 1 }
	broken.Store(true)
	for method, call := range map[string]func() error{
		"PUT": func() error {
			_, err := w.s3.PutObject(w.ctx(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String(key), Body: strings.NewReader("another")}, once)
			return err
		},
		"GET": func() error {
			_, err := w.s3.GetObject(w.ctx(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String(key)}, once)
			return err
		},
		"DELETE": func() error {
			_, err := w.s3.DeleteObject(w.ctx(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String(key)}, once)
			return err
		},
	} {
		if err := call(); code(err) != "InternalError" {
			t.Errorf("%s: %v", method, err)
		}
		select {
		case line := <-log:
			for _, part := range []string{`"panic":"a nil dereference"`, `"method":"` + method + `"`, key, "panic_test.go"} {
				if !strings.Contains(line, part) {
					t.Errorf("%s: the log lacks %s: %s", method, part, line)
				}
			}
		default:
			t.Errorf("%s: nothing is logged", method)
		}
	}
	broken.Store(false)
	if body, _ := w.get(key); body != "a photo" {
		t.Errorf("the object is %q", body)
	}
	w.put(key, "another") // the key is not locked
}
