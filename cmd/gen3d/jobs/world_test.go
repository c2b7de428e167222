package jobs_test

import (
	"crypto/rand"
	"os"
	"testing"
	"time"

	"gen3d/cmd/gen3d/jobs"
	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/tests/support/command"
	"gen3d/tests/support/s3test"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

func open() *bucket.Bucket { return bucket.New(s3test.Client(nil), s3test.Bucket) }

// run runs `gen3d jobs` against the store of the tests.
func run(t *testing.T, input string, args ...string) command.Result {
	t.Helper()
	return command.Run(t, &jobs.Commands{}, input, append(args, "--against", "local", "--s3-url", *s3test.Config().BaseEndpoint)...)
}

// pass is [run] for a command that must succeed.
func pass(t *testing.T, args ...string) string {
	t.Helper()
	result := run(t, "", args...)
	if result.Failure != nil {
		t.Fatalf("gen3d jobs %v: %v\n%s", args, result.Failure, result.Err)
	}
	return result.Out
}

var catJPEG = []byte("a photo")

// submitted makes a job of a photo of the user's with labeled objects, as the
// API and Extract do.
func submitted(t *testing.T, user string, at time.Time, labels ...string) *job.Manifest {
	t.Helper()
	id, err := job.NewID(at, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ref := job.Ref{User: user, Job: id}
	var selections []job.Selection
	for i, label := range labels {
		selections = append(selections, job.Selection{Label: label, Box: &job.Box{10 * i, 0, 10*i + 10, 20}})
	}
	key := ref.PhotoKey("cat", ".jpg")
	event := s3test.Put(t, key, "image/jpeg", map[string]string{job.MetaJob: string(id)}, catJPEG)
	m := job.NewManifest(ref, at, job.Source{
		Bucket: s3test.Bucket, Key: key, VersionID: event.Records[0].S3.Object.VersionID, ETag: event.Records[0].S3.Object.ETag,
		Bytes: int64(len(catJPEG)), Width: 640, Height: 480, Orientation: 1, ContentType: "image/jpeg", Name: "Mum's cat.jpg",
	}, selections, job.Options{Seed: 7, Formats: []job.Format{job.FormatGLB}, Quality: job.QualityDraft, Faces: 5000})
	for _, err := range []error{
		open().MarkPhoto(t.Context(), ref, key),
		func() error { _, err := open().CreateManifest(t.Context(), &m); return err }(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return &m
}

// succeed makes object n.
func succeed(t *testing.T, m *job.Manifest, n int) {
	t.Helper()
	file, err := open().PutFile(t.Context(), m.Ref(), n, job.FormatGLB, []byte("a mesh"))
	if err != nil {
		t.Fatal(err)
	}
	result(t, m, job.Result{
		Version: job.Version, Index: n, Status: job.StatusSucceeded, Files: []job.File{file}, Backend: job.BackendRelief,
		Timing: map[string]int64{"total": 1500}, FinishedAt: time.Now(),
	})
}

// fail fails object n.
func fail(t *testing.T, m *job.Manifest, n int, code job.Code) {
	t.Helper()
	result(t, m, job.FailedResult(n, job.Failure{Code: code, Message: "It went\x1b[31m wrong."}, time.Now()))
}

func result(t *testing.T, m *job.Manifest, r job.Result) {
	t.Helper()
	if _, err := open().CreateResult(t.Context(), m.Ref(), r); err != nil {
		t.Fatal(err)
	}
}
