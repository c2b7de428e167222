package job_test

import (
	"testing"
	"time"

	"gen3d/internal/job"
)

var asked = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// started returns times in which starts of the given minutes were measured.
func started(minutes ...int) *job.Times {
	t := &job.Times{}
	for _, n := range minutes {
		t.Asked(asked)
		t.Began(asked.Add(time.Second), asked.Add(time.Duration(n)*time.Minute))
	}
	return t
}

func TestStartIsEstimatedByTheThirdQuartileOfTheLatestTen(t *testing.T) {
	times := started(50, 50, 50, 50, 50, 50, 4, 6, 5, 7, 5, 8, 5, 30, 5, 8)
	if _, ok := times.StartsIn(asked); ok {
		t.Error("without an open start there is an estimate")
	}
	times.Asked(asked)
	for after, want := range map[time.Duration]time.Duration{
		-time.Second: 8 * time.Minute, 0: 8 * time.Minute, time.Minute: 7 * time.Minute, 9 * time.Minute: 0, 59 * time.Minute: 0,
	} {
		if left, ok := times.StartsIn(asked.Add(after)); !ok || left != want {
			t.Errorf("%s after it was asked for the start takes %s longer (%v); want %s", after, left, ok, want)
		}
	}
	if _, ok := times.StartsIn(asked.Add(time.Hour)); ok {
		t.Error("a start of an hour is not given up")
	}
	unknown := &job.Times{}
	unknown.Asked(asked)
	if _, ok := unknown.StartsIn(asked); ok {
		t.Error("without an earlier start there is an estimate")
	}
}

func TestStartIsMeasuredByAnObjectThatWaitedForIt(t *testing.T) {
	for what, c := range map[string]struct {
		queued, began  time.Duration // after the asking
		closed, counts bool
	}{
		"queued at once":              {time.Second, 6 * time.Minute, true, true},
		"queued by the alarm's clock": {0, 9 * time.Minute, true, true},
		"queued during the start":     {2 * time.Minute, 6 * time.Minute, true, true},
		"queued after the start":      {10 * time.Minute, 10*time.Minute + 3*time.Second, true, false},
		"of the instance before":      {-time.Minute, -time.Second, false, false},
		"after an hour":               {time.Second, 61 * time.Minute, true, false},
	} {
		times := &job.Times{}
		times.Asked(asked)
		closed := times.Began(asked.Add(c.queued), asked.Add(c.began))
		if counts := len(times.Starts) == 1; closed != c.closed || counts != c.counts || times.Opened(asked.Add(time.Second)) == closed {
			t.Errorf("%s: closed %v, measured %v", what, closed, counts)
		}
		if closed && times.Began(asked, asked.Add(time.Minute)) {
			t.Errorf("%s: a second object closes the start again", what)
		}
	}
}

func TestObjectsTimeIsThatOfTheBackend(t *testing.T) {
	times := &job.Times{}
	if _, ok := times.Object(); ok {
		t.Error("without an object there is an estimate")
	}
	for _, r := range []job.Result{
		{Status: job.StatusSucceeded, Timing: map[string]int64{"fetch": 9000, "mask": 100, "reconstruct": 1900, "export": 9000, "total": 20000}},
		{Status: job.StatusFailed, Timing: map[string]int64{"reconstruct": 70000}},
		{Status: job.StatusSucceeded},
	} {
		times.Took(&r)
	}
	if took, ok := times.Object(); !ok || took != 2*time.Second || len(times.Objects) != 1 {
		t.Errorf("an object takes %s (%v), of %v", took, ok, times.Objects)
	}
}
