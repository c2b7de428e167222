package notify_test

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

// deletion deletes a job as the API does. It pauses after it has listed the job's
// documents, before it removes them.
type deletion struct {
	*service
	ref    job.Ref
	once   sync.Once
	listed chan struct{} // closed when it pauses
	resume chan struct{}
	ended  chan error
}

// begin starts the deletion and returns when it pauses.
func (s *service) begin(ref job.Ref) *deletion {
	d := &deletion{service: s, ref: ref, listed: make(chan struct{}), resume: make(chan struct{}), ended: make(chan error, 1)}
	cfg := s3test.Config()
	cfg.HTTPClient = &http.Client{Transport: d}
	documents := bucket.New(s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }), s3test.Bucket)
	go func() {
		snapshot, err := documents.Snapshot(s.t.Context(), ref)
		if err == nil {
			err = documents.RemoveJob(s.t.Context(), snapshot)
		}
		d.once.Do(func() { close(d.listed) })
		d.ended <- err
	}()
	<-d.listed
	return d
}

func (d *deletion) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && r.URL.Query().Has("delete") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Contains(body, []byte(d.ref.OutputPrefix())) {
			d.once.Do(func() { close(d.listed) })
			<-d.resume
		}
	}
	return s3test.Transport.RoundTrip(r)
}

// finish lets the deletion go on and waits for its end.
func (d *deletion) finish() {
	close(d.resume)
	if err := <-d.ended; err != nil {
		d.t.Error(err)
	}
}

// A deletion and a run can go on at once. Whichever is first, the job stays
// deleted: no notice makes it one of the user's jobs again. The deletion is begun
// before each call of a run, and its documents are removed at once or only after
// the run.
func TestAJobDeletedDuringARunStaysDeleted(t *testing.T) {
	for name, isAtOnce := range map[string]bool{"at once": true, "after the run": false} {
		t.Run(name, func(t *testing.T) {
			for n := 1; ; n++ {
				s := newService(t)
				m := s.job("cat.jpg", "")
				s.succeed(m, 1)
				event := s.last(m)
				var deleting *deletion
				calls := 0
				h := s.handler(watching(func(*http.Request) error {
					if calls++; calls == n {
						deleting = s.begin(m.Ref())
						if isAtOnce {
							deleting.finish()
						}
					}
					return nil
				}))
				err := run(t, h, "request-1", event)
				if deleting == nil {
					return
				}
				if !isAtOnce {
					deleting.finish()
				}
				if err != nil { // what it was reading is gone, and Lambda runs the event again
					s.mustRun(event)
				}
				if left := append(s.bucketKeys(m.Ref().OutputPrefix()), s.bucketKeys(m.Ref().PendingKey())...); len(left) > 0 {
					t.Errorf("deleted before call %d: left are %v", n, left)
				}
			}
		})
	}
}
