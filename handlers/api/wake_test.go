package api_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"gen3d/handlers/api"
	"gen3d/internal/instances"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
	standin "gen3d/local/endpoint"
	"gen3d/local/queue"
	"gen3d/tests/support/s3test"
)

const small = `{"name":"cat.png","contentType":"image/png","bytes":4}`

func TestAcceptedJobStartsTheFirstInstance(t *testing.T) {
	c := config()
	c.Limits.MaxUnfinished = 1
	w := newWorldWith(t, c, s3test.Client(nil), time.Now)
	w.post(`{"name":"cat.png"}`)
	if got := w.wakes.Load(); got != 0 {
		t.Errorf("an invalid submission woke %d times", got)
	}
	w.submit(small)
	if got := w.wakes.Load(); got != 1 {
		t.Errorf("an accepted job woke %d times", got)
	}
	w.problem(w.post(small), http.StatusTooManyRequests, "too_many_unfinished_jobs")
	if got := w.wakes.Load(); got != 1 {
		t.Errorf("after a job above the quota there are %d wakes", got)
	}
}

func TestSubmissionDoesNotStartAnInstanceIfOnlyTheAlarmMay(t *testing.T) {
	c := config()
	c.Wake = "alarm"
	w := newWorldWith(t, c, s3test.Client(nil), time.Now)
	w.submit(small)
	if got := w.wakes.Load(); got != 0 {
		t.Errorf("the job woke %d times", got)
	}
}

// photo returns the configuration of a stack that wakes on a photo.
func photo() api.Config {
	c := config()
	c.Wake = instances.OnPhoto
	return c
}

// wakeAs sends POST /api/wake.
func (w *world) wakeAs(user string) answer {
	w.t.Helper()
	return w.send(user, http.MethodPost, "/api/wake", "", nil)
}

func TestChosenPhotoStartsAnInstanceOnlyIfTheStackSaysSo(t *testing.T) {
	w := newWorld(t)
	w.status.State = instances.Stopped
	w.problem(w.wakeAs(w.user), http.StatusNotFound, "not_found")
	if got := w.wakes.Load(); got != 0 {
		t.Errorf("there are %d wakes", got)
	}
}

func TestWakeAnswersWithTheStateOfTheInstances(t *testing.T) {
	for what, c := range map[string]struct {
		before, after instances.State
		status        int
		state, code   string
		wakes         int64
	}{
		"running":     {instances.Running, 0, http.StatusOK, "running", "", 0},
		"starting":    {instances.Starting, 0, http.StatusAccepted, "starting", "", 0},
		"no model":    {instances.Missing, 0, http.StatusConflict, "", "model_off", 0},
		"changing":    {instances.Changing, 0, http.StatusConflict, "", "model_busy", 0},
		"stopped":     {instances.Stopped, instances.Starting, http.StatusAccepted, "starting", "", 1},
		"no capacity": {instances.Stopped, instances.Stopped, http.StatusConflict, "", "model_busy", 1},
		"deleted":     {instances.Stopped, instances.Missing, http.StatusConflict, "", "model_off", 1},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorldWith(t, photo(), s3test.Client(nil), time.Now)
			w.status.State, w.woken.State = c.before, c.after
			a := w.wakeAs(w.user)
			if c.code != "" {
				w.problem(a, c.status, c.code)
			} else if got := read[struct{ State string }](t, a, c.status); got.State != c.state {
				t.Errorf("the state is %q; want %q", got.State, c.state)
			}
			if got := w.wakes.Load(); got != c.wakes {
				t.Errorf("there are %d wakes; want %d", got, c.wakes)
			}
			if _, claimed := s3test.Get(t, job.ClaimsKey(w.user)); claimed != (c.wakes > 0) {
				t.Errorf("the user's claims exist: %v", claimed)
			}
		})
	}
}

func TestUnknownStateOfTheInstancesIsAFault(t *testing.T) {
	w := newWorldWith(t, photo(), s3test.Client(nil), time.Now)
	w.fault = errors.New("the test throttles")
	w.problem(w.wakeAs(w.user), http.StatusInternalServerError, "internal_error")
}

func TestAUserWhoWakesTooOftenWaits(t *testing.T) {
	now := time.Now()
	w := newWorldWith(t, photo(), s3test.Client(nil), func() time.Time { return now })
	w.status.State, w.woken.State = instances.Stopped, instances.Stopped
	for n := range 10 {
		w.problem(w.wakeAs(w.user), http.StatusConflict, "model_busy")
		refused := w.wakeAs(w.user)
		w.problem(refused, http.StatusTooManyRequests, "too_many_wakes")
		least, most := time.Second, time.Minute
		if n == 9 {
			least, most = 23*time.Hour, 24*time.Hour
		}
		if wait := retryAfter(t, refused); wait < least || wait > most {
			t.Errorf("after %d wakes the user is told to wait %s", n+1, wait)
		}
		now = now.Add(time.Minute)
	}
	w.problem(w.wakeAs(w.user), http.StatusTooManyRequests, "too_many_wakes")
	if got := w.wakes.Load(); got != 10 {
		t.Errorf("there are %d wakes", got)
	}
	w.problem(w.wakeAs(s3test.User(t)), http.StatusConflict, "model_busy") // another user is not affected
}

func retryAfter(t *testing.T, a answer) time.Duration {
	t.Helper()
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if err != nil || seconds < 1 {
		t.Fatalf("Retry-After is %q", a.Header.Get("Retry-After"))
	}
	return time.Duration(seconds) * time.Second
}

func TestAUserWithoutAFreePlaceStartsNoInstance(t *testing.T) {
	c := photo()
	c.Limits.MaxUnfinished = 1
	w := newWorldWith(t, c, s3test.Client(nil), time.Now)
	made := w.submit(small)
	before := w.wakes.Load()
	w.woken.State = instances.Stopped
	refused := w.wakeAs(w.user)
	w.problem(refused, http.StatusTooManyRequests, "too_many_unfinished_jobs")
	retryAfter(t, refused)
	if got := w.wakes.Load(); got != before {
		t.Errorf("there are %d wakes more", got-before)
	}
	w.problem(w.wakeAs(s3test.User(t)), http.StatusConflict, "model_busy") // another user is not affected
	if a := w.send(w.user, http.MethodDelete, "/api/jobs/"+string(made.JobID), "", nil); a.StatusCode != http.StatusNoContent {
		t.Fatalf("deleting: %s", a.body)
	}
	w.problem(w.wakeAs(w.user), http.StatusConflict, "model_busy")
	if got := w.wakes.Load(); got != before+2 {
		t.Errorf("there are %d wakes more; want two", got-before)
	}
}

// The requests reach several instances of the function, each with a state of its
// own of an endpoint that answers as SageMaker does.
func TestConcurrentWakesOfAUserReachSageMakerOnce(t *testing.T) {
	w := newWorldWith(t, photo(), s3test.Client(nil), time.Now)
	var updates atomic.Int64
	url := sageMaker(t, func(r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".UpdateEndpointWeightsAndCapacities") {
			updates.Add(1)
		}
	})
	t.Cleanup(func() { s3test.Delete(t, job.TimesKey) })
	before := time.Now()
	var worlds []*world
	for range 5 {
		other := &world{t: t, user: w.user, bucket: w.bucket, output: w.output, doc: w.doc, config: w.config}
		client := sagemaker.New(sagemaker.Options{
			BaseEndpoint: &url, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		})
		other.url = other.serve(s3test.Client(nil), time.Now, instances.New(w.config.Endpoint, instances.Services{
			SageMaker: client, Now: time.Now, Log: slog.New(slog.DiscardHandler), Asked: w.bucket.StartAsked, WakeTimeout: 10 * time.Minute,
			Metrics: telemetry.NewMetrics(io.Discard, time.Now, nil),
		}))
		worlds = append(worlds, other)
	}
	var all sync.WaitGroup
	var accepted atomic.Int64
	begin := make(chan struct{})
	for i := range 50 {
		all.Go(func() {
			<-begin
			switch a := worlds[i%len(worlds)].wakeAs(w.user); a.StatusCode {
			case http.StatusAccepted:
				accepted.Add(1)
			case http.StatusTooManyRequests:
			default:
				t.Errorf("a wake is answered with %d: %s", a.StatusCode, a.body)
			}
		})
	}
	close(begin)
	all.Wait()
	if updates.Load() != 1 || accepted.Load() == 0 {
		t.Errorf("SageMaker was asked for %d instances, and %d requests were accepted", updates.Load(), accepted.Load())
	}
	times, err := w.bucket.Times(t.Context())
	if err != nil || times.AskedAt.Before(before.Add(-time.Second)) {
		t.Errorf("the start is recorded as %+v (%v)", times, err)
	}
}

// sageMaker starts a stand-in of an endpoint without instances. seen is called
// with each request.
func sageMaker(t *testing.T, seen func(*http.Request)) (url string) {
	t.Helper()
	db, err := queue.Open(filepath.Join(t.TempDir(), "queue.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	e, err := standin.New(standin.Config{
		Name: config().Endpoint, Account: "000000000000", Region: "us-east-1", ModelURL: "http://127.0.0.1:1",
		OutputPath: "s3://m/output", FailurePath: "s3://m/failure", Start: time.Hour,
	}, standin.Dependencies{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	control := e.Control()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		seen(r)
		control.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
