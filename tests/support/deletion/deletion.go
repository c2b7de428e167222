// Package deletion deletes a job while a function processes it, as the API does
// at a user's request.
package deletion

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// Deletion is the deletion of a job. It pauses after it has listed the job's
// documents, before it removes them.
type Deletion struct {
	t      testing.TB
	output string
	once   sync.Once
	listed chan struct{} // closed when it pauses, or ends without documents
	resume chan struct{}
	ended  chan error
}

// Begin starts the deletion of a job and returns when it pauses.
func Begin(t testing.TB, ref job.Ref) *Deletion {
	d := &Deletion{t: t, output: ref.OutputPrefix(), listed: make(chan struct{}), resume: make(chan struct{}), ended: make(chan error, 1)}
	cfg := s3test.Config()
	cfg.HTTPClient = &http.Client{Transport: d}
	documents := bucket.New(s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }), s3test.Bucket)
	go func() {
		snapshot, err := documents.Snapshot(t.Context(), ref)
		if err == nil {
			err = documents.RemoveJob(t.Context(), snapshot)
		}
		d.once.Do(func() { close(d.listed) })
		d.ended <- err
	}()
	<-d.listed
	return d
}

// RoundTrip sends a request of the deletion.
func (d *Deletion) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && r.URL.Query().Has("delete") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Contains(body, []byte(d.output)) {
			d.once.Do(func() { close(d.listed) })
			<-d.resume
		}
	}
	return s3test.Transport.RoundTrip(r)
}

// Finish lets the deletion go on and waits for its end.
func (d *Deletion) Finish() {
	d.t.Helper()
	close(d.resume)
	if err := <-d.ended; err != nil {
		d.t.Error(err)
	}
}
