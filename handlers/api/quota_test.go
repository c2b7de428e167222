package api_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/handlers/api"
	"gen3d/handlers/sweep"
	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
	"gen3d/tests/support/s3test"
)

// jobs returns the number of the user's jobs that the page would list.
func (w *world) jobs() (n int) {
	w.t.Helper()
	for _, key := range s3test.Keys(w.t, job.OutputPrefix(w.user)) {
		if k, err := job.ParseOutputKey(key); err == nil && k.Kind == job.KindUpload {
			n++
		}
	}
	return n
}

// postAtOnce makes n concurrent submissions and returns the accepted ones.
func (w *world) postAtOnce(n int) (taken []job.ID) {
	w.t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	begin := make(chan struct{})
	for range n {
		all.Go(func() {
			<-begin
			switch a := w.post(catJPEG); a.StatusCode {
			case http.StatusCreated:
				mu.Lock()
				defer mu.Unlock()
				taken = append(taken, read[createdJob](w.t, a, http.StatusCreated).JobID)
			case http.StatusTooManyRequests:
			default:
				w.t.Errorf("a submission is answered with %d: %s", a.StatusCode, a.body)
			}
		})
	}
	close(begin)
	all.Wait()
	return taken
}

func TestConcurrentSubmissionsKeepTheLimit(t *testing.T) {
	const limit = 8
	c := config()
	c.Limits.MaxUnfinished = limit
	w := newWorldWith(t, c, s3test.Client(nil), time.Now)
	taken := w.postAtOnce(10 * limit)
	if len(taken) != limit || w.jobs() != limit {
		t.Errorf("of %d submissions at once %d were taken, and there are %d jobs; the limit is %d", 10*limit, len(taken), w.jobs(), limit)
	}
	if markers := w.markers(); markers != limit {
		t.Errorf("%d jobs have %d markers", limit, markers)
	}
}

// markers counts the user's pending markers.
func (w *world) markers() (n int) {
	w.t.Helper()
	for _, key := range s3test.Keys(w.t, job.PendingUserPrefix(w.user)) {
		if _, err := job.ParsePendingKey(key); err == nil {
			n++
		}
	}
	return n
}

// Jobs end while others are submitted: each place is given again, and to one
// job only.
func TestPlacesOfFinishedJobsAreReusedOnce(t *testing.T) {
	c := config()
	c.Limits.MaxUnfinished = 5
	w := newWorldWith(t, c, s3test.Client(nil), time.Now)
	unfinished := map[job.ID]bool{}
	ended := 0
	for round := range 8 {
		for _, id := range w.postAtOnce(12) {
			unfinished[id] = true
		}
		if len(unfinished) != 5 {
			t.Fatalf("round %d: %d jobs are unfinished; want the limit of 5", round, len(unfinished))
		}
		// Some jobs end during the next submissions.
		var ending sync.WaitGroup
		for id := range unfinished {
			if ended++; ended%3 == 0 {
				continue
			}
			delete(unfinished, id)
			ending.Go(func() {
				if err := w.bucket.ClearPending(t.Context(), w.ref(id)); err != nil {
					t.Error(err)
				}
			})
		}
		taken := w.postAtOnce(12)
		ending.Wait()
		for _, id := range taken {
			unfinished[id] = true
		}
		if len(unfinished) > 5 {
			t.Fatalf("round %d: %d jobs are unfinished while others end; the limit is 5", round, len(unfinished))
		}
	}
	if w.markers() != len(unfinished) {
		t.Errorf("%d unfinished jobs have %d markers", len(unfinished), w.markers())
	}
}

// cut fails every call from the n-th on, as if the process had ended. If after
// is set, the n-th reaches S3 and only its response is lost.
type cut struct {
	n     int64
	after bool
	calls atomic.Int64
}

func (c *cut) RoundTrip(r *http.Request) (*http.Response, error) {
	call := c.calls.Add(1)
	if call < c.n {
		return s3test.Transport.RoundTrip(r)
	}
	if call == c.n && c.after {
		response, err := s3test.Transport.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		_ = response.Body.Close()
	} else if r.Body != nil {
		_ = r.Body.Close()
	}
	return nil, errors.New("the test cut the connection")
}

// sweepLater runs Sweep as if that much time had passed.
func sweepLater(t *testing.T, limits job.Limits, after time.Duration) {
	t.Helper()
	now := func() time.Time { return time.Now().Add(after) }
	err := sweep.New(sweep.Config{
		Bucket: s3test.Bucket, RequestTTLSeconds: 21600, InvocationTimeoutSeconds: 900, MarginSeconds: 900,
		StallSeconds: 900, WaitSeconds: 7 * 86400, MaxJobs: 1000, Limits: limits,
	}, sweep.Services{
		Bucket: bucket.New(s3test.Client(nil), s3test.Bucket), Now: now, Shuffle: mathrand.Shuffle,
		Log: slog.New(slog.DiscardHandler), Metrics: telemetry.NewMetrics(io.Discard, now, nil),
	}).Handle(t.Context())
	if err != nil {
		t.Fatal("sweeping: ", err)
	}
}

// Not parallel, like all tests that sweep: a sweep processes the jobs of every
// user.
func TestInterruptedSubmissionFreesItsPlace(t *testing.T) {
	c := config()
	c.Limits.MaxUnfinished = 1
	for _, full := range []bool{false, true} {
		for _, after := range []bool{false, true} {
			for n := int64(1); ; n++ {
				breaks := &cut{n: n, after: after}
				client := s3test.Client(breaks)
				once := s3.New(client.Options(), func(o *s3.Options) { o.RetryMaxAttempts = 1 })
				w := newWorldWith(t, c, once, time.Now)
				sound := newWorldWith(t, c, s3test.Client(nil), time.Now)
				sound.user = w.user
				if full {
					sound.submit(catJPEG)
				}
				status := w.post(catJPEG).StatusCode
				if breaks.calls.Load() < n {
					break
				}
				if status != http.StatusInternalServerError {
					t.Errorf("full %v: cut at call %d the answer is %d", full, n, status)
				}
				if full && sound.jobs() != 1 {
					t.Errorf("cut at call %d there are %d jobs", n, sound.jobs())
				}
				sweepLater(t, c.Limits, time.Hour) // the forms have expired as well
				if left := sound.markers(); left != 0 {
					t.Errorf("full %v: cut at call %d, %d markers are left", full, n, left)
				}
				sound.submit(catJPEG)
			}
		}
	}
}

// conflicts answers every write of a user's claims as S3 does during another
// write.
type conflicts struct{ next http.RoundTripper }

func (c conflicts) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPut || !strings.HasSuffix(r.URL.Path, "/claims.json") {
		return c.next.RoundTrip(r)
	}
	_ = r.Body.Close()
	return conflicting(r), nil
}

func conflicting(r *http.Request) *http.Response {
	body := `<?xml version="1.0" encoding="UTF-8"?><Error><Code>ConditionalRequestConflict</Code><Message>The conditional request cannot succeed due to a conflicting operation against this resource.</Message></Error>`
	return &http.Response{
		StatusCode: http.StatusConflict, Header: http.Header{"Content-Type": {"application/xml"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}

// hitch fails the first write of a user's upload document: with S3's answer
// during another write, or by losing the response.
type hitch struct {
	next http.RoundTripper
	lose bool
	hit  atomic.Bool
}

func (c *hitch) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPut || !strings.HasSuffix(r.URL.Path, "/upload.json") || c.hit.Swap(true) {
		return c.next.RoundTrip(r)
	}
	if !c.lose {
		_ = r.Body.Close()
		return conflicting(r), nil
	}
	response, err := c.next.RoundTrip(r)
	if err == nil {
		_ = response.Body.Close()
		err = errors.New("the test cut the connection")
	}
	return nil, err
}

func TestSubmissionSurvivesOneRefusedOrUnansweredWrite(t *testing.T) {
	for name, lose := range map[string]bool{"409": false, "lost response": true} {
		t.Run(name, func(t *testing.T) {
			wire := &hitch{next: s3test.Transport, lose: lose}
			w := newWorldWith(t, config(), s3test.Client(wire), time.Now)
			if w.submit(catJPEG); !wire.hit.Load() || w.jobs() != 1 {
				t.Errorf("there are %d jobs", w.jobs())
			}
		})
	}
}

// neverEnding is a context whose deadline is always in two seconds.
type neverEnding struct{ context.Context }

func (neverEnding) Deadline() (time.Time, bool) { return time.Now().Add(2 * time.Second), true }

func TestSubmissionWithoutASuccessfulClaimIsRefused(t *testing.T) {
	w := newWorld(t)
	client := s3test.Client(conflicts{s3test.Transport})
	h := api.New(w.config, api.Services{
		S3: client, Bucket: bucket.New(client, w.config.Bucket), Now: time.Now, Random: rand.Reader,
		Log: slog.New(slog.DiscardHandler), Metrics: telemetry.NewMetrics(io.Discard, time.Now, map[string]string{"Stack": "test"}),
	})
	event := events.APIGatewayV2HTTPRequest{
		RouteKey: "POST /api/jobs", RawPath: "/api/jobs", Headers: map[string]string{"content-type": "application/json"},
		Body: fmt.Sprintf(`{"name":"cat.jpg","contentType":"image/jpeg","bytes":%d}`, len(catJPEG)),
	}
	event.RequestContext.HTTP.Method, event.RequestContext.HTTP.Path = http.MethodPost, "/api/jobs"
	event.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
		JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: map[string]string{"sub": w.user}},
	}
	answer, err := h.Handle(neverEnding{t.Context()}, event)
	if err != nil || answer.StatusCode != http.StatusTooManyRequests || !strings.Contains(answer.Body, `"too_many_at_once"`) {
		t.Errorf("the answer is %d %s (%v)", answer.StatusCode, answer.Body, err)
	}
	if markers, jobs := w.markers(), w.jobs(); markers != 0 || jobs != 0 {
		t.Errorf("left over: %d markers, %d jobs", markers, jobs)
	}
}
