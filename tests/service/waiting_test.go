package service_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// heldModel is a model server that makes an object only when the test releases
// it. Each takes 20 s by its result.
type heldModel struct {
	url     string
	bucket  atomic.Pointer[bucket.Bucket] // of the service
	release chan struct{}
}

func newHeldModel(t *testing.T) *heldModel {
	t.Helper()
	m := &heldModel{release: make(chan struct{}, 100)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /invocations", m.invoke)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

func (m *heldModel) invoke(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	result, err := m.process(r, body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(result)
}

func (m *heldModel) process(r *http.Request, body []byte) (*job.Result, error) {
	manifest, err := job.ParseManifest(body)
	if err != nil {
		return nil, err
	}
	n, err := job.ParseCustomAttributes(r.Header.Get("X-Amzn-SageMaker-Custom-Attributes"))
	if err != nil {
		return nil, err
	}
	data, now := m.bucket.Load(), time.Now().UTC()
	err = data.PutProgress(r.Context(), manifest.Ref(), job.Progress{
		Version: job.Version, Index: n, Stage: job.StageReconstruct, Backend: job.BackendRelief, StartedAt: now, StageAt: now,
	})
	if err != nil {
		return nil, err
	}
	select {
	case <-m.release:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	result := job.Result{
		Version: job.Version, Index: n, Status: job.StatusSucceeded, Files: []job.File{}, Backend: job.BackendRelief,
		Timing: map[string]int64{string(job.StageReconstruct): 20_000}, FinishedAt: time.Now().UTC(),
	}
	_, err = data.CreateResult(r.Context(), manifest.Ref(), result)
	return &result, err
}

// finishAll releases n objects.
func (m *heldModel) finishAll(n int) {
	for range n {
		m.release <- struct{}{}
	}
}

func (m *heldModel) start(t *testing.T, args ...string) *service {
	t.Helper()
	s := start(t, t.TempDir(), append([]string{"--model", m.url}, args...)...)
	m.bucket.Store(bucket.New(s.s3(), dataBucket))
	return s
}

// ahead reports whether a job waits for earlier ones with so many objects.
func (c *caller) ahead(id string, objects int) (*waitView, bool) {
	c.t.Helper()
	view := c.job(id)
	if view.State != "queued" {
		c.t.Fatalf("the job that must wait is %s", view.State)
	}
	return view.Waiting, view.Waiting != nil && view.Waiting.Reason == "jobs" && view.Waiting.ObjectsAhead == objects
}

func TestQueuedJobSaysHowManyObjectsAreAhead(t *testing.T) {
	model := newHeldModel(t)
	s := model.start(t, "--model-start", "1s")
	a, b := s.as("testuser001"), s.as("testuser002")
	box := []int{20, 40, 300, 300}
	first := a.submit("first.jpg", "image/jpeg", photo(t, "coffee.jpg"), box, box, box, box, box, box)
	s.eventually("the first job's requests, and its processing", func() bool {
		requests := slices.DeleteFunc(s.keys("users/testuser001/output/"+first+"/"), func(key string) bool { return !strings.HasSuffix(key, ".queued.json") })
		return len(requests) == 6 && a.job(first).State == "processing"
	})
	second := b.submit("second.jpg", "image/jpeg", photo(t, "coffee.jpg"), box)
	s.eventually("the second job is queued", func() bool { return b.job(second).State == "queued" })
	s.eventually("six objects are ahead", func() bool {
		waiting, six := b.ahead(second, 6)
		if six && waiting.EstimatedSeconds != nil {
			t.Errorf("nothing is known, and the job waits for %d s", *waiting.EstimatedSeconds)
		}
		return six
	})
	model.finishAll(1)
	s.eventually("five objects of 20 s are ahead", func() bool {
		waiting, five := b.ahead(second, 5)
		return five && waiting.EstimatedSeconds != nil && *waiting.EstimatedSeconds == 100
	})
	model.finishAll(6)
	for _, view := range []jobView{s.finish(a, first), s.finish(b, second)} {
		if view.State != "succeeded" || view.Waiting != nil {
			t.Errorf("the job ends as %+v", view)
		}
	}
}

// Each round starts an instance for a photo and submits a job. A start that the
// machine's load delays is not measured; then another round follows.
func TestStartOfTheModelIsEstimatedFromAnEarlierOne(t *testing.T) {
	model := newHeldModel(t)
	s := model.start(t, "--model-start", "10s", "--model-idle", "1s")
	var config struct{ WakeOnPhoto bool }
	if s.get("/config.json", &config); !config.WakeOnPhoto {
		t.Error("the page is not told to wake the model")
	}
	waited := false
	for round := 1; ; round++ {
		c := s.as(fmt.Sprintf("testuser%03d", 1+round%3)) // a user may wake once a minute
		woken := func(want int) func() bool {
			return func() bool {
				status, answer := c.call(http.MethodPost, "/api/wake", nil)
				if status != http.StatusOK && status != http.StatusAccepted && status != http.StatusTooManyRequests {
					t.Fatalf("waking: %d %s", status, answer)
				}
				return status == want
			}
		}
		s.eventually("an instance starts", woken(http.StatusAccepted))
		id := c.submit("cup.jpg", "image/jpeg", photo(t, "coffee.jpg"))
		var waiting *waitView
		s.eventually("the job waits for the instance, or starts", func() bool {
			view := c.job(id)
			waiting = view.Waiting
			return view.State == "processing" || waiting != nil && waiting.Reason == "instance"
		})
		waited = waited || waiting != nil
		if waiting != nil && waiting.EstimatedSeconds != nil {
			if round == 1 || waiting.ObjectsAhead != 0 {
				t.Errorf("in round %d the job waits for %+v, of %d s", round, waiting, *waiting.EstimatedSeconds)
			}
			return
		}
		s.eventually("an instance runs", woken(http.StatusOK))
		model.finishAll(1)
		if view := s.finish(c, id); view.State != "succeeded" {
			t.Fatalf("the job ends as %+v", view)
		}
		if round == 5 {
			t.Fatalf("no start of five is measured; a job waited for one: %v", waited)
		}
	}
}
