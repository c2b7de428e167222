package objectstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"go.etcd.io/bbolt"

	"gen3d/local/objectstore"
	"gen3d/local/queue"
)

const (
	timeout    = 2 * time.Minute
	pageOrigin = "http://127.0.0.1:8080"
)

// rules are simplified versions of the service's two rules.
var rules = []objectstore.Rule{
	{ID: "photos", Bucket: objectstore.DataBucket, Prefix: "users/", Suffix: ".jpg", Function: "extract"},
	{ID: "results", Bucket: objectstore.DataBucket, Prefix: "users/", Suffix: ".result.json", Function: "notify"},
}

// world is a running store with a client, and the queue of the functions'
// events.
type world struct {
	testing.TB
	dir    string
	addr   string
	db     *queue.DB
	events *queue.Queue
	store  *objectstore.Store
	s3     *s3.Client
	// changes apply to the store's configuration.
	changes []func(*objectstore.Config)
}

func newWorld(t testing.TB, changes ...func(*objectstore.Config)) *world {
	t.Helper()
	w := &world{TB: t, dir: t.TempDir(), changes: changes}
	w.start()
	t.Cleanup(w.stop)
	return w
}

func (w *world) start() {
	w.Helper()
	var err error
	if w.db, err = queue.Open(filepath.Join(w.dir, "queue.db")); err != nil {
		w.Fatal(err)
	}
	if w.events, err = w.db.Queue("events"); err != nil {
		w.Fatal(err)
	}
	cfg := config(w.dir, w.db, w.events)
	cfg.Log = slog.New(slog.NewTextHandler(w.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	for _, change := range w.changes {
		change(&cfg)
	}
	w.store, err = objectstore.Start(context.Background(), cfg)
	if err != nil {
		w.Fatal(err)
	}
	w.addr = w.store.Addr()
	w.s3 = client(w.addr)
}

func (w *world) stop() {
	w.Helper()
	if err := w.store.Close(); err != nil {
		w.Error(err)
	}
	if err := w.db.Close(); err != nil {
		w.Error(err)
	}
}

func config(dir string, db *queue.DB, events *queue.Queue) objectstore.Config {
	return objectstore.Config{
		Dir:         filepath.Join(dir, "s3"),
		Addr:        "127.0.0.1:0",
		PageOrigins: []string{pageOrigin},
		DB:          db,
		Rules:       rules,
		Versioned:   func(_, key string) bool { return strings.Contains(key, "/input/") },
		Deliver: func(tx *bbolt.Tx, function string, event []byte) error {
			_, err := events.EnqueueTx(tx, append([]byte(function+" "), event...), 0)
			return err
		},
		Log: slog.New(slog.DiscardHandler),
	}
}

func client(addr string) *s3.Client {
	return s3.New(s3.Options{
		Region:       objectstore.Region,
		BaseEndpoint: aws.String("http://" + addr),
		UsePathStyle: true,
		Credentials:  credentials.NewStaticCredentialsProvider(objectstore.AccessKey, objectstore.SecretKey, ""),
	})
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	w.Cleanup(cancel)
	return ctx
}

func (w *world) put(key, body string, options ...func(*s3.PutObjectInput)) *s3.PutObjectOutput {
	w.Helper()
	out, err := w.tryPut(key, body, options...)
	if err != nil {
		w.Fatalf("putting %s: %v", key, err)
	}
	return out
}

func (w *world) tryPut(key, body string, options ...func(*s3.PutObjectInput)) (*s3.PutObjectOutput, error) {
	in := &s3.PutObjectInput{
		Bucket: aws.String(objectstore.DataBucket),
		Key:    &key,
		Body:   strings.NewReader(body),
	}
	for _, option := range options {
		option(in)
	}
	return w.s3.PutObject(w.ctx(), in)
}

func (w *world) get(key string) (string, *s3.GetObjectOutput) {
	w.Helper()
	out, err := w.s3.GetObject(w.ctx(), &s3.GetObjectInput{Bucket: aws.String(objectstore.DataBucket), Key: &key})
	if err != nil {
		w.Fatalf("getting %s: %v", key, err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		w.Fatalf("reading %s: %v", key, err)
	}
	return string(body), out
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func (w *world) do(req *http.Request) (int, http.Header, string) {
	w.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.Fatal(err)
	}
	return res.StatusCode, res.Header, string(text)
}
