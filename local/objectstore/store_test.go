package objectstore_test

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/local/objectstore"
	"gen3d/local/queue"
)

func TestIfMatchReplacesOnlyTheVersionItNames(t *testing.T) {
	w := newWorld(t)
	key := "users/u/output/j/notified.json"
	lease := w.put(key, "lease", func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") })
	match := func(etag *string) func(*s3.PutObjectInput) {
		return func(in *s3.PutObjectInput) { in.IfMatch = etag }
	}
	w.put(key, "sent", match(lease.ETag))
	if _, err := w.tryPut(key, "stale", match(lease.ETag)); code(err) != "PreconditionFailed" {
		t.Errorf("a stale If-Match gave %v", err)
	}
	if body, _ := w.get(key); body != "sent" {
		t.Errorf("the object is %q", body)
	}
}

// The condition is also checked before the body is read, without a lock.
func TestAnObjectThatIsReplacedExistsForIfMatch(t *testing.T) {
	w := newWorld(t)
	key := "users/u/output/j/notified.json"
	stale := w.put(key, "stale")
	w.put(key, "first")
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		writers.Go(func() {
			for n := range 40 {
				if _, err := w.tryPut(key, fmt.Sprint("body ", n)); err != nil {
					t.Error(err)
				}
			}
		})
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				_, err := w.tryPut(key, "late", func(in *s3.PutObjectInput) { in.IfMatch = stale.ETag })
				if code(err) != "PreconditionFailed" {
					t.Errorf("a stale If-Match gave %v", err)
					return
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
}

func TestOneOfManyConcurrentFirstWritersWins(t *testing.T) {
	w := newWorld(t)
	const writers = 12
	results := make(chan error, writers)
	for i := range writers {
		go func() {
			_, err := w.tryPut("users/u/output/j/1.result.json", fmt.Sprint("writer ", i), func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") })
			results <- err
		}()
	}
	won := 0
	for range writers {
		switch err := <-results; {
		case err == nil:
			won++
		case code(err) != "PreconditionFailed" && code(err) != "ConditionalRequestConflict":
			t.Errorf("a loser got %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d writers won", won)
	}
	if e := w.nextEvent(); e.function != "notify" {
		t.Errorf("unexpected event %+v", e)
	}
	w.noEvent()
}

func TestAReplacedObjectKeepsNothingOfTheOldOne(t *testing.T) {
	w := newWorld(t)
	key := "users/u/input/photo.jpg"
	full := func(in *s3.PutObjectInput) {
		in.Metadata = map[string]string{"objects": "1,2,3,4", "seed": "7"}
		in.ContentDisposition = aws.String("inline")
		in.CacheControl = aws.String("no-store")
		in.ContentType = aws.String("image/jpeg")
	}
	check := func(after string, metadata map[string]string) {
		t.Helper()
		_, out := w.get(key)
		if fmt.Sprint(out.Metadata) != fmt.Sprint(metadata) || out.ContentDisposition != nil || out.CacheControl != nil {
			t.Errorf("after %s the object has %v, %v, %v", after, out.Metadata, out.ContentDisposition, out.CacheControl)
		}
	}
	w.put(key, "old", full)
	w.put(key, "new")
	check("a put", map[string]string{})
	w.put(key, "old", full)
	w.multipart(key, nil, []byte("new"))
	check("a multipart upload", map[string]string{})
	w.put(key, "old", full)
	w.multipart(key, map[string]string{"objects": "1,2,3,4", "seed": "7"}, []byte("new"))
	check("a multipart upload with the same metadata", map[string]string{"objects": "1,2,3,4", "seed": "7"})
	w.put(key, "old", full)
	source := objectstore.DataBucket + "/" + key
	_, err := w.s3.CopyObject(w.ctx(), &s3.CopyObjectInput{
		Bucket: aws.String(objectstore.DataBucket), Key: &key, CopySource: &source,
		MetadataDirective: types.MetadataDirectiveReplace, Metadata: map[string]string{"seed": "8"},
	})
	if err != nil {
		t.Fatal(err)
	}
	check("a copy over itself", map[string]string{"seed": "8"})
	if body, _ := w.get(key); body != "old" {
		t.Errorf("a copy over itself holds %q", body)
	}
}

func TestDataAndMetadataSurviveARestart(t *testing.T) {
	w := newWorld(t)
	for key := range oddKeys {
		w.put(key, "content of "+key, func(in *s3.PutObjectInput) {
			in.ContentType = aws.String("image/jpeg")
			in.Metadata = map[string]string{"objects": "1,2,3,4,chair%20leg;*"}
		})
	}
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	w.stop()
	if after, err := os.Getwd(); err != nil || after == cwd {
		t.Errorf("the working directory is still %s, %v", after, err)
	}
	w.start()
	for key := range oddKeys {
		body, out := w.get(key)
		if body != "content of "+key || *out.ContentType != "image/jpeg" || out.Metadata["objects"] != "1,2,3,4,chair%20leg;*" {
			t.Errorf("%s came back as %q %v %v", key, body, *out.ContentType, out.Metadata)
		}
	}
	if n := w.events.Len(); n != len(oddKeys) {
		t.Errorf("%d events are queued, want %d", n, len(oddKeys))
	}
}

func TestAddressInUseIsReported(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	db, err := queue.Open(filepath.Join(dir, "queue.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	cfg := config(dir, db, nil)
	cfg.Addr = l.Addr().String()
	_, err = objectstore.Start(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "is in use") {
		t.Errorf("Start gave %v", err)
	}
}

func TestAProcessRunsOneStore(t *testing.T) {
	w := newWorld(t)
	if _, err := objectstore.Start(t.Context(), config(t.TempDir(), w.db, w.events)); err == nil {
		t.Error("a second store has started")
	}
	w.put("users/u/input/photo.jpg", "a photo")
}

func TestAWrongKeyIsRefused(t *testing.T) {
	w := newWorld(t)
	w.s3 = s3.New(w.s3.Options(), func(o *s3.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider(objectstore.AccessKey, "wrong", "")
	})
	if _, err := w.tryPut("users/u/input/photo.jpg", "x"); code(err) != "SignatureDoesNotMatch" {
		t.Errorf("a wrong secret gave %v", err)
	}
}

func TestIdleConnectionDoesNotDelayClose(t *testing.T) {
	log := make(lines, 1000)
	w := newWorld(t, func(cfg *objectstore.Config) { cfg.Log = slog.New(slog.NewJSONHandler(log, nil)) })
	// The gateway waits ten seconds for open connections, and says so. A machine
	// under load can take as long for one stop.
	for range 4 {
		w.put("users/u/input/photo.jpg", "x") // leaves an idle connection
		w.stop()
		waited := false
		for len(log) > 0 {
			waited = strings.Contains(<-log, "stops while it serves") || waited
		}
		w.start()
		if !waited {
			return
		}
	}
	t.Error("each stop waits for the idle connection")
}
