package objectstore_test

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.etcd.io/bbolt"

	"gen3d/local/objectstore"
)

// The events of all kinds of creation are refused, as on a full disk, and are
// delivered with their own keys after further requests have used the
// connection.
func TestRefusedEventsKeepTheirKeys(t *testing.T) {
	var full atomic.Bool
	w := newWorld(t, func(cfg *objectstore.Config) {
		deliver := cfg.Deliver
		cfg.Deliver = func(tx *bbolt.Tx, function string, event []byte) error {
			if full.Load() {
				return errors.New("the disk is full")
			}
			return deliver(tx, function, event)
		}
		cfg.Log = slog.New(slog.DiscardHandler)
	})
	full.Store(true)
	w.put("users/u/input/put.jpg", "a photo")
	if status, _, text := w.post(w.presign(postPolicy{key: "users/u/input/posted.jpg"}), nil, []byte("a photo")); status != http.StatusNoContent {
		t.Fatalf("posting: %d %s", status, text)
	}
	if _, err := w.s3.CopyObject(w.ctx(), &s3.CopyObjectInput{
		Bucket: aws.String(objectstore.DataBucket), Key: aws.String("users/u/input/copied.jpg"),
		CopySource: aws.String(url.QueryEscape(objectstore.DataBucket + "/users/u/input/put.jpg")),
	}); err != nil {
		t.Fatal(err)
	}
	w.multipart("users/u/input/assembled.jpg", nil, []byte("a photo"))
	want := map[string]string{
		"users/u/input/put.jpg":       "ObjectCreated:Put",
		"users/u/input/posted.jpg":    "ObjectCreated:Post",
		"users/u/input/copied.jpg":    "ObjectCreated:Copy",
		"users/u/input/assembled.jpg": "ObjectCreated:CompleteMultipartUpload",
	}
	for n := range 20 {
		key := fmt.Sprintf("users/another/input/%s-%d.jpg", strings.Repeat("x", n), n)
		want[key] = "ObjectCreated:Put"
		w.put(key, "another photo")
	}
	full.Store(false)

	got := map[string]string{}
	for range want {
		e := w.nextEvent()
		if e.raw["s3"].(map[string]any)["bucket"].(map[string]any)["name"] != objectstore.DataBucket {
			t.Errorf("an event of another bucket: %v", e.raw)
		}
		got[e.key] = e.name
	}
	if !maps.Equal(got, want) {
		t.Errorf("the events are of %v, want %v", got, want)
	}
	w.noEvent()
}
