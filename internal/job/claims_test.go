package job_test

import (
	"testing"
	"time"

	"gen3d/internal/job"
)

func TestAUserWakesOnceAMinuteAndTenTimesADay(t *testing.T) {
	var c job.Claims
	for i, step := range []struct{ after, wait time.Duration }{
		{0, 0}, {0, time.Minute}, {59 * time.Second, time.Second}, {time.Minute, 0},
		{2 * time.Minute, 0}, {3 * time.Minute, 0}, {4 * time.Minute, 0}, {5 * time.Minute, 0}, {6 * time.Minute, 0}, {7 * time.Minute, 0},
		{8 * time.Minute, 0}, {9 * time.Minute, 0}, // the tenth
		{10 * time.Minute, 24*time.Hour - 10*time.Minute}, {23 * time.Hour, time.Hour},
		{24 * time.Hour, 0}, {24*time.Hour + 30*time.Second, 30 * time.Second}, {24*time.Hour + time.Minute, 0},
		{24*time.Hour + 2*time.Minute, 0}, {40 * time.Hour, 0},
	} {
		if wait := c.Wake(asked.Add(step.after)); wait != step.wait {
			t.Errorf("step %d: after %s the user waits %s; want %s", i, step.after, wait, step.wait)
		}
		if len(c.Wakes) > 10 {
			t.Errorf("step %d: the document has %d times", i, len(c.Wakes))
		}
	}
}
