package bucket_test

import (
	"crypto/rand"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

func open() *bucket.Bucket { return bucket.New(s3test.Client(nil), s3test.Bucket) }

// newRef returns a new job of a user that no other test uses.
func newRef(t *testing.T) job.Ref {
	t.Helper()
	return job.Ref{User: s3test.User(t), Job: newID(t, time.Now())}
}

func newID(t *testing.T, at time.Time) job.ID {
	t.Helper()
	id, err := job.NewID(at, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func newManifest(ref job.Ref, label string) *job.Manifest {
	m := job.NewManifest(ref, ref.Job.Created(), job.Source{
		Bucket: s3test.Bucket, Key: ref.PhotoKey("a b+c ü", ".jpg"), Orientation: 1, ContentType: "image/jpeg", Name: "a b+c ü.jpg",
	}, []job.Selection{{Label: label, Box: &job.Box{1, 2, 30, 40}}}, job.Options{Formats: job.AllFormats})
	return &m
}

// junk stores an object that Gen3D does not write.
func junk(t *testing.T, key, text string) {
	t.Helper()
	s3test.Put(t, key, "application/json", nil, []byte(text))
}

// openLosing is open with a connection that loses the answer to a PUT while lost
// is zero, and counts it.
func openLosing(lost *int) *bucket.Bucket {
	return bucket.New(s3test.Client(transport(func(r *http.Request) (*http.Response, error) {
		response, err := s3test.Transport.RoundTrip(r)
		if err == nil && r.Method == http.MethodPut && *lost == 0 {
			*lost++
			_ = response.Body.Close()
			return nil, errors.New("the test cut the connection")
		}
		return response, err
	})), s3test.Bucket)
}
