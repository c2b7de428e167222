// Package s3test provides tests with an S3 over HTTP: the store of the
// one-machine mode (package objectstore), one for all tests of a test binary.
//
// A test package runs its tests with [Main]:
//
//	func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }
//
// Tests are separated by users: [User] returns one that no other test uses.
// While the store runs, its folder is the working directory of the process, so
// a test reads its files through an embedded file system or an absolute path
// from [Path].
package s3test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"go.etcd.io/bbolt"

	"gen3d/internal/job"
	"gen3d/local/objectstore"
	"gen3d/local/queue"
)

// Bucket is the data bucket of the store.
const Bucket = objectstore.DataBucket

// store is the store of this process.
var store struct {
	*objectstore.Store
	db  *queue.DB
	dir string
	// root of the repository, found before the store changes the working
	// directory.
	root string

	mu       sync.Mutex
	messages []message
}

// message is an event that the bucket sent to a function.
type message struct {
	function string
	key      string // of the object; empty if the body cannot be read
	body     []byte
}

// Main runs the tests of a package with a store, and returns the exit code for
// os.Exit.
func Main(m *testing.M) int {
	if err := start(); err != nil {
		fmt.Fprintln(os.Stderr, "starting the tests' S3:", err)
		return 1
	}
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stopping the tests' S3:", err)
		return 1
	}
	return code
}

func start() (err error) {
	if store.root, err = root(); err != nil {
		return err
	}
	if store.dir, err = os.MkdirTemp("", "gen3d-s3test-"); err != nil {
		return err
	}
	if store.db, err = queue.Open(filepath.Join(store.dir, "events.db")); err != nil {
		return err
	}
	store.Store, err = objectstore.Start(context.Background(), objectstore.Config{
		Dir: filepath.Join(store.dir, "s3"), Addr: "127.0.0.1:0", DB: store.db, Rules: objectstore.DataRules(Bucket),
		Versioned: func(_, key string) bool { return job.Versioned(key) },
		Log:       slog.New(slog.DiscardHandler),
		Deliver: func(_ *bbolt.Tx, function string, event []byte) error {
			store.mu.Lock()
			defer store.mu.Unlock()
			key := ""
			if event, err := read(event); err == nil {
				key = event.Records[0].S3.Object.URLDecodedKey
			}
			store.messages = append(store.messages, message{function, key, bytes.Clone(event)})
			return nil
		},
	})
	return err
}

func stop() error {
	transport.CloseIdleConnections() // which Close would wait for
	err := store.Close()
	if failed := store.db.Close(); err == nil {
		err = failed
	}
	if failed := os.RemoveAll(store.dir); err == nil {
		err = failed
	}
	return err
}

// Transport is shared by all clients: the idle connections of a client for each
// test would soon be as many as the store accepts. It is not
// [http.DefaultTransport], because closing any httptest.Server closes that one's
// idle connections, also one that a request is about to use.
var Transport http.RoundTripper = transport

var transport = &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: 30 * time.Second} // half of the store's time, so that none is used that the store is closing

// Config returns an AWS configuration for the store.
func Config() aws.Config {
	return aws.Config{
		HTTPClient:   &http.Client{Transport: transport},
		Retryer:      retryer,
		Region:       objectstore.Region,
		Credentials:  credentials.NewStaticCredentialsProvider(objectstore.AccessKey, objectstore.SecretKey, ""),
		BaseEndpoint: aws.String("http://" + store.Addr()),
	}
}

// retryer retries as the SDK does by default, but soon.
func retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = 20 * time.Millisecond })
}

// Client returns a client of the store, which sends its requests through wire if
// that is not nil.
func Client(wire http.RoundTripper) *s3.Client {
	return s3.NewFromConfig(Config(), func(o *s3.Options) {
		o.UsePathStyle = true
		o.DisableLogOutputChecksumValidationSkipped = true
		if wire != nil {
			o.HTTPClient = &http.Client{Transport: wire}
		}
	})
}

var users atomic.Int64

// User returns the ID of a user that no other test of the binary uses, and
// removes the user's objects when the test ends.
func User(t testing.TB) string {
	t.Helper()
	user := fmt.Sprintf("tester-%d", users.Add(1))
	t.Cleanup(func() {
		for _, prefix := range []string{job.UsersPrefix + user + "/", job.PendingUserPrefix(user)} {
			DeleteAll(t, prefix)
		}
	})
	return user
}

// Put stores an object as the AWS CLI does, and returns the event that the
// bucket sends for it to a function, or nil if no rule matches.
func Put(t testing.TB, key, contentType string, metadata map[string]string, data []byte) *events.S3Event {
	t.Helper()
	before := len(sent())
	_, err := Client(nil).PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String(Bucket), Key: &key, ContentType: optional(contentType), Metadata: metadata, Body: bytes.NewReader(data),
	})
	if err != nil {
		t.Fatalf("putting %s: %v", key, err)
	}
	for _, message := range sent()[before:] {
		if event := message.event(t, key); event != nil && event.Records[0].S3.Object.URLDecodedKey == key {
			return event
		}
	}
	return nil
}

// Events returns the events sent to a function so far for keys that begin with
// prefix.
func Events(t testing.TB, function, prefix string) []events.S3Event {
	t.Helper()
	var found []events.S3Event
	for _, message := range sent() {
		if event := message.event(t, prefix); event != nil && message.function == function {
			found = append(found, *event)
		}
	}
	return found
}

func sent() []message {
	store.mu.Lock()
	defer store.mu.Unlock()
	return store.messages[:len(store.messages):len(store.messages)]
}

// event returns the event of a message, or nil if the object's key does not begin
// with prefix.
func (m message) event(t testing.TB, prefix string) *events.S3Event {
	t.Helper()
	if m.key != "" && !strings.HasPrefix(m.key, prefix) {
		return nil
	}
	event, err := read(m.body)
	if err != nil {
		t.Fatalf("the store sent an event that cannot be read: %v\n%s", err, m.body)
	}
	return event
}

// read reads an event with one record.
func read(body []byte) (*events.S3Event, error) {
	event := new(events.S3Event)
	if err := json.Unmarshal(body, event); err != nil {
		return nil, err
	}
	if len(event.Records) != 1 {
		return nil, fmt.Errorf("it has %d records", len(event.Records))
	}
	return event, nil
}

// Get reads an object. ok is false if it does not exist.
func Get(t testing.TB, key string) (data []byte, ok bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	out, err := Client(nil).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(Bucket), Key: &key})
	if err != nil {
		if strings.Contains(err.Error(), "NoSuchKey") {
			return nil, false
		}
		t.Fatalf("getting %s: %v", key, err)
	}
	defer func() { _ = out.Body.Close() }()
	data, err = io.ReadAll(out.Body)
	if err != nil {
		t.Fatalf("reading %s: %v", key, err)
	}
	return data, true
}

// Document reads a JSON document that must exist.
func Document[T any](t testing.TB, key string) T {
	t.Helper()
	data, ok := Get(t, key)
	if !ok {
		t.Fatalf("there is no %s", key)
	}
	var doc T
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatalf("reading %s: %v", key, err)
	}
	return doc
}

// Keys returns the keys under a prefix.
func Keys(t testing.TB, prefix string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	var keys []string
	pages := s3.NewListObjectsV2Paginator(Client(nil), &s3.ListObjectsV2Input{Bucket: aws.String(Bucket), Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatalf("listing %s: %v", prefix, err)
		}
		for _, object := range page.Contents {
			keys = append(keys, *object.Key)
		}
	}
	return keys
}

// Delete removes an object.
func Delete(t testing.TB, key string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	if _, err := Client(nil).DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(Bucket), Key: &key}); err != nil {
		t.Errorf("deleting %s: %v", key, err)
	}
}

// DeleteAll removes the objects under a prefix, as many at once as a request of S3
// may have.
func DeleteAll(t testing.TB, prefix string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	for chunk := range slices.Chunk(Keys(t, prefix), 1000) {
		objects := make([]types.ObjectIdentifier, len(chunk))
		for i := range chunk {
			objects[i].Key = &chunk[i]
		}
		out, err := Client(nil).DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: aws.String(Bucket), Delete: &types.Delete{Objects: objects}})
		if err != nil {
			t.Errorf("deleting %d objects: %v", len(chunk), err)
			continue
		}
		for _, failed := range out.Errors {
			t.Errorf("deleting %s: %s", aws.ToString(failed.Key), aws.ToString(failed.Message))
		}
	}
}

// Path returns the absolute path of a file of the repository, such as
// testdata/photos/cat.jpg.
func Path(file string) string { return filepath.Join(store.root, filepath.FromSlash(file)) }

// root returns the repository that contains the working directory.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod above the working directory")
		}
		dir = parent
	}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
