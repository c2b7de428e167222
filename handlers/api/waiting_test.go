package api_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gen3d/internal/instances"
	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// queue writes a job with n objects as Extract does.
func (w *world) queue(objects int) *job.Manifest {
	w.t.Helper()
	ref := w.ref(newID(w.t, time.Now()))
	if err := w.bucket.MarkPhoto(w.t.Context(), ref, ref.PhotoKey("cup", ".jpg")); err != nil {
		w.t.Fatal(err)
	}
	m := w.manifest(ref.Job, ref.PhotoKey("cup", ".jpg"), "cup.jpg", make([]job.Selection, objects)...)
	for _, o := range m.Objects {
		if err := w.bucket.PutQueued(w.t.Context(), ref, job.Queued{Version: job.Version, Index: o.Index}); err != nil {
			w.t.Fatal(err)
		}
	}
	return m
}

type waiting struct {
	Reason           string
	ObjectsAhead     int
	EstimatedSeconds *int
}

// waiting returns what the page is told that a job waits for.
func (w *world) waiting(m *job.Manifest) *waiting {
	w.t.Helper()
	return read[struct{ Waiting *waiting }](w.t, w.get("/api/jobs/"+string(m.JobID)), http.StatusOK).Waiting
}

// remember stores times of starts and objects in seconds.
func remember(w *world, askedAt time.Time, starts, objects []int64) {
	w.t.Helper()
	w.t.Cleanup(func() { s3test.Delete(w.t, job.TimesKey) })
	err := w.bucket.ReviseTimes(w.t.Context(), func(times *job.Times) (bool, error) {
		*times = job.Times{Version: job.Version, AskedAt: askedAt}
		for _, s := range starts {
			times.Starts = append(times.Starts, 1000*s)
		}
		for _, o := range objects {
			times.Objects = append(times.Objects, 1000*o)
		}
		return true, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestQueuedJobSaysWhatItWaitsFor(t *testing.T) {
	long := []int64{240, 360, 300}
	for what, c := range map[string]struct {
		status          instances.Status
		when            instances.When
		ahead           int // objects of another job
		asked           time.Duration
		starts, objects []int64
		reason          string // empty for none
		seconds         int    // -1 for none
	}{
		"a start, nothing known":         {instances.Status{State: instances.Starting}, "submit", 0, time.Minute, nil, nil, "instance", -1},
		"a start, nobody asked":          {instances.Status{State: instances.Starting}, "submit", 0, 0, long, nil, "instance", -1},
		"a start":                        {instances.Status{State: instances.Starting}, "submit", 0, time.Minute, long, nil, "instance", 300},
		"a start that takes long":        {instances.Status{State: instances.Starting}, "photo", 0, 10 * time.Minute, long, nil, "instance", 0},
		"a start and jobs":               {instances.Status{State: instances.Starting}, "submit", 3, time.Minute, long, []int64{20}, "instance", 360},
		"a start and jobs of any length": {instances.Status{State: instances.Starting}, "submit", 3, time.Minute, long, nil, "instance", -1},
		"an earlier start":               {instances.Status{State: instances.Stopped}, "submit", 0, time.Minute, long, nil, "instance", -1},
		"the alarm":                      {instances.Status{State: instances.Stopped}, "alarm", 0, time.Minute, long, nil, "instance", 300},
		"an update":                      {instances.Status{State: instances.Changing}, "submit", 0, time.Minute, long, nil, "instance", -1},
		"nothing":                        {instances.Status{State: instances.Running, Serving: 1}, "submit", 0, 0, long, []int64{20}, "", -1},
		"jobs":                           {instances.Status{State: instances.Running, Serving: 1}, "submit", 3, 0, nil, []int64{10, 20, 30}, "jobs", 60},
		"jobs of any length":             {instances.Status{State: instances.Running, Serving: 1}, "submit", 3, 0, long, nil, "jobs", -1},
		"jobs, of two instances":         {instances.Status{State: instances.Running, Serving: 2}, "submit", 3, 0, nil, []int64{20}, "jobs", 30},
		"a model that is off":            {instances.Status{State: instances.Missing}, "submit", 3, 0, long, []int64{20}, "", -1},
	} {
		t.Run(what, func(t *testing.T) {
			now := time.Now()
			stack := config()
			stack.Wake = c.when
			w := newWorldWith(t, stack, s3test.Client(nil), func() time.Time { return now })
			w.status = c.status
			asked := time.Time{}
			if c.asked > 0 {
				asked = now.Add(-c.asked)
			}
			remember(w, asked, c.starts, c.objects)
			if c.ahead > 0 {
				w.queue(c.ahead)
			}
			got := w.waiting(w.queue(2))
			switch {
			case (got == nil) != (c.reason == ""):
				t.Fatalf("the job waits for %+v", got)
			case got == nil:
			case got.Reason != c.reason || got.ObjectsAhead != c.ahead || (got.EstimatedSeconds == nil) != (c.seconds < 0):
				t.Errorf("the job waits for %+v", got)
			case got.EstimatedSeconds != nil && *got.EstimatedSeconds != c.seconds:
				t.Errorf("it is told to wait %d s; want %d", *got.EstimatedSeconds, c.seconds)
			}
		})
	}
}

func TestARefusalForTheQuotaSaysWhenAPlaceMayBeFree(t *testing.T) {
	for what, c := range map[string]struct {
		status          instances.Status
		starts, objects []int64
		want            string
	}{
		"nothing known":         {instances.Status{State: instances.Running, Serving: 1}, nil, nil, ""},
		"an object":             {instances.Status{State: instances.Running, Serving: 1}, nil, []int64{12}, "12"},
		"an object of seconds":  {instances.Status{State: instances.Running, Serving: 1}, nil, []int64{1}, "5"},
		"an object of minutes":  {instances.Status{State: instances.Running, Serving: 1}, nil, []int64{200}, "60"},
		"a start and an object": {instances.Status{State: instances.Starting}, []int64{80}, []int64{12}, "32"},
		"a start, nothing else": {instances.Status{State: instances.Starting}, []int64{80}, nil, ""},
		"a model that is off":   {instances.Status{State: instances.Missing}, []int64{80}, []int64{12}, ""},
	} {
		t.Run(what, func(t *testing.T) {
			stack := config()
			stack.Limits.MaxUnfinished = 1
			now := time.Now()
			w := newWorldWith(t, stack, s3test.Client(nil), func() time.Time { return now })
			w.submit(small)
			w.woken = c.status
			remember(w, now.Add(-time.Minute), c.starts, c.objects)
			refused := w.post(small)
			w.problem(refused, http.StatusTooManyRequests, "too_many_unfinished_jobs")
			if got := refused.Header.Get("Retry-After"); got != c.want {
				t.Errorf("Retry-After is %q; want %q", got, c.want)
			}
		})
	}
}

func TestOnlyAQueuedJobWaits(t *testing.T) {
	w := newWorld(t)
	w.status.State = instances.Starting
	uploading := w.submit(small)
	m := w.queue(1)
	w.status.State, w.woken.State = instances.Starting, instances.Starting
	if got := w.waiting(&job.Manifest{JobID: uploading.JobID}); got != nil {
		t.Errorf("a job without a photo waits for %+v", got)
	}
	if w.waiting(m) == nil {
		t.Error("a queued job waits for nothing")
	}
	if err := w.bucket.PutProgress(t.Context(), m.Ref(), job.Progress{Version: job.Version, Index: 1, Stage: job.StageFetch, Backend: job.BackendRelief, StartedAt: time.Now(), StageAt: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if got := w.waiting(m); got != nil {
		t.Errorf("a job in process waits for %+v", got)
	}
}

// If nobody asks for instances, the start counts from the first job that waits.
func TestStartByTheAlarmCountsFromTheFirstJobThatWaits(t *testing.T) {
	t.Cleanup(func() { s3test.Delete(t, job.TimesKey) })
	c := config()
	c.Wake = instances.OnAlarm
	w := newWorldWith(t, c, s3test.Client(nil), time.Now)
	w.status.State = instances.Stopped
	first := w.queue(1)
	w.waiting(first)
	snapshot, err := w.bucket.Snapshot(t.Context(), first.Ref())
	if err != nil {
		t.Fatal(err)
	}
	w.waiting(w.queue(1))
	if times, err := w.bucket.Times(t.Context()); err != nil || !times.AskedAt.Equal(snapshot.QueuedAt) {
		t.Errorf("the start counts from %+v (%v); the first job was queued at %s", times, err, snapshot.QueuedAt)
	}
}

// A start that takes an hour is given up, so it is not opened for a job that has
// waited for longer: each poll would write the document again.
func TestNoStartIsOpenedForAJobThatHasWaitedForTooLong(t *testing.T) {
	t.Cleanup(func() { s3test.Delete(t, job.TimesKey) })
	c := config()
	c.Wake = instances.OnAlarm
	w := newWorldWith(t, c, s3test.Client(nil), func() time.Time { return time.Now().Add(2 * time.Hour) })
	w.status.State = instances.Stopped
	if got := w.waiting(w.queue(1)); got == nil || got.EstimatedSeconds != nil {
		t.Errorf("the job waits for %+v", got)
	}
	if document, ok := s3test.Get(t, job.TimesKey); ok {
		t.Errorf("the start is recorded as %s", document)
	}
}

// counting counts the lists of the markers, and refuses them if fail is set.
type counting struct {
	lists atomic.Int64
	fail  atomic.Bool
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet && r.URL.Query().Get("prefix") == job.PendingPrefix {
		c.lists.Add(1)
		if c.fail.Load() {
			return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
		}
	}
	return s3test.Transport.RoundTrip(r)
}

func waitingWorld(t *testing.T, now func() time.Time) (*world, *counting) {
	t.Helper()
	wire := &counting{}
	w := newWorldWith(t, config(), s3test.Client(wire), now)
	w.status = instances.Status{State: instances.Starting}
	return w, wire
}

func TestPollingPagesListTheQueueOncePerFiveSeconds(t *testing.T) {
	now := time.Now()
	w, wire := waitingWorld(t, func() time.Time { return now })
	m := w.queue(1)
	for range 4 {
		w.waiting(m)
	}
	if got := wire.lists.Load(); got != 1 {
		t.Errorf("the markers are listed %d times", got)
	}
	now = now.Add(6 * time.Second)
	if w.waiting(m) == nil || wire.lists.Load() != 2 {
		t.Errorf("after six seconds the markers are listed %d times", wire.lists.Load())
	}
}

func TestJobIsShownAlthoughItsWaitIsUnknown(t *testing.T) {
	w, wire := waitingWorld(t, time.Now)
	m := w.queue(1)
	wire.fail.Store(true)
	if got := w.waiting(m); got != nil {
		t.Errorf("the job waits for %+v", got)
	}
	wire.fail.Store(false)
	w.fault = errors.New("the test throttles DescribeEndpoint")
	if got := w.waiting(m); got != nil {
		t.Errorf("the job waits for %+v", got)
	}
	if got := strings.Count(w.output.String(), "what the job waits for is not known"); got != 2 {
		t.Errorf("the failures are logged %d times", got)
	}
	w.fault = nil
	if w.waiting(m) == nil {
		t.Error("the job waits for nothing once its wait can be found out")
	}
}
