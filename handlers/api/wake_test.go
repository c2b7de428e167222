package api_test

import (
	"net/http"
	"testing"
	"time"

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
