package notify_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// began writes what Extract and the model server write of object n before its
// result.
func (s *service) began(m *job.Manifest, n int, queued, began time.Time) {
	s.t.Helper()
	if err := s.bucket.PutQueued(s.t.Context(), m.Ref(), job.Queued{Version: job.Version, Index: n, QueuedAt: queued}); err != nil {
		s.t.Fatal(err)
	}
	if err := s.bucket.PutProgress(s.t.Context(), m.Ref(), job.Progress{Version: job.Version, Index: n, StartedAt: began, StageAt: began}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *service) times() *job.Times {
	s.t.Helper()
	times, err := s.bucket.Times(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return times
}

func TestFirstObjectAfterAStartIsItsMeasure(t *testing.T) {
	s := newService(t)
	t.Cleanup(func() { s3test.Delete(t, job.TimesKey) })
	asked := time.Now().Add(-10 * time.Minute)
	if err := s.bucket.StartAsked(t.Context(), asked); err != nil {
		t.Fatal(err)
	}
	m := s.job("cup.jpg", "cup", "spoon")
	for n, began := range map[int]time.Duration{1: 6 * time.Minute, 2: 7 * time.Minute} {
		s.began(m, n, asked.Add(time.Second), asked.Add(began))
	}
	timed := job.Result{Version: job.Version, Index: 1, Status: job.StatusSucceeded, Timing: map[string]int64{"fetch": 50, "reconstruct": 20_000}}
	s.result(m, timed)
	s.mustRun(s.last(m))
	s.failed(m, 2, job.Failure{Code: job.CodeModelFailed, Message: "It failed."})
	s.mustRun(s.last(m))
	times := s.times()
	if len(times.Starts) != 1 || times.Starts[0] != (6*time.Minute).Milliseconds() || times.Opened(time.Now()) {
		t.Errorf("the starts are %+v; want one of six minutes", times)
	}
	if len(times.Objects) != 1 || times.Objects[0] != 20_000 {
		t.Errorf("the objects took %v; want one of 20 s", times.Objects)
	}
}

func TestFailedObjectMeasuresAStartButNotAnObject(t *testing.T) {
	s := newService(t)
	t.Cleanup(func() { s3test.Delete(t, job.TimesKey) })
	asked := time.Now().Add(-10 * time.Minute)
	if err := s.bucket.StartAsked(t.Context(), asked); err != nil {
		t.Fatal(err)
	}
	m := s.job("cup.jpg", "cup")
	s.began(m, 1, asked.Add(time.Second), asked.Add(6*time.Minute))
	s.failed(m, 1, job.Failure{Code: job.CodeModelFailed, Message: "It failed."})
	s.mustRun(s.last(m))
	times := s.times()
	if len(times.Starts) != 1 || times.Starts[0] != (6*time.Minute).Milliseconds() || times.Opened(time.Now()) {
		t.Errorf("the starts are %+v; want one of six minutes", times)
	}
	if len(times.Objects) != 0 {
		t.Errorf("the objects took %v; want none", times.Objects)
	}
}

func TestJobEndsAlthoughItsTimesCannotBeRecorded(t *testing.T) {
	s := newService(t)
	m := s.job("cup.jpg", "cup")
	s.result(m, job.Result{Version: job.Version, Index: 1, Status: job.StatusSucceeded, Timing: map[string]int64{"reconstruct": 20_000}})
	if err := run(t, s.handler(withoutTimes{}), "request-1", s.last(m)); err != nil {
		t.Error(err)
	}
	s.bothMails()
	if times := s.times(); len(times.Objects) != 0 {
		t.Errorf("the times are %+v", times)
	}
}

// withoutTimes is a transport to an S3 that refuses access to the times.
type withoutTimes struct{}

func (withoutTimes) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, job.TimesKey) {
		return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
	return s3test.Transport.RoundTrip(r)
}
