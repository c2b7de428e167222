package jobs_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

func TestShowHasStateObjectsFilesAndReasons(t *testing.T) {
	m := submitted(t, s3test.User(t), time.Now(), "cat", "dog\x1b[2J")
	if text := pass(t, "show", string(m.JobID)); !strings.Contains(text, "waits for  a request for 2 of 2 objects: the user has no free place, or Extract failed") {
		t.Errorf("not queued:\n%s", text)
	}
	for n := range 2 {
		if err := open().PutQueued(t.Context(), m.Ref(), job.Queued{Version: 1, Index: n + 1, QueuedAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	if text := pass(t, "show", string(m.JobID), "--user", m.UserID); !strings.Contains(text, "waits for  the endpoint, which has 2 of 2 objects in its queue") {
		t.Errorf("queued:\n%s", text)
	}
	succeed(t, m, 1)
	fail(t, m, 2, job.CodeOutOfMemory)
	text := pass(t, "show", string(m.JobID))
	for _, part := range []string{
		"state    partial", "user     " + m.UserID, "Mum's cat.jpg (image/jpeg, 640 × 480, 7 bytes)", "formats glb, quality draft, 5000 faces, seed 7", "not sent yet",
		"dog\uFFFD[2J", "out_of_memory: It went\uFFFD[31m wrong.", "relief", "1.5", "s3://gen3d-local-data/" + m.Ref().FileKey(1, job.FormatGLB),
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
	var document struct {
		State   job.State
		Objects []struct{ Result *job.Result }
	}
	if err := json.Unmarshal([]byte(pass(t, "show", string(m.JobID), "--json")), &document); err != nil || document.State != job.StatePartial || document.Objects[1].Result.Error.Code != job.CodeOutOfMemory {
		t.Errorf("JSON: %v, %+v", err, document)
	}
}

func TestShowNamesAJobThatIsNotThere(t *testing.T) {
	for want, args := range map[string][]string{
		"there is no job 7zzzzzzzzz0123456789abcdef in bucket gen3d-local-data; gen3d jobs list --against local": {"7zzzzzzzzz0123456789abcdef"},
		`"x" is not a job id`: {"x"},
	} {
		if result := run(t, "", append([]string{"show"}, args...)...); result.Failure == nil || !strings.Contains(result.Failure.Error(), want) {
			t.Errorf("%v, want %q", result.Failure, want)
		}
	}
}

func TestWatchEndsWithTheJob(t *testing.T) {
	m := submitted(t, s3test.User(t), time.Now(), "cat")
	go func() {
		now := time.Now()
		_ = open().PutProgress(t.Context(), m.Ref(), job.Progress{Version: 1, Index: 1, Stage: job.StageMask, StartedAt: now, StageAt: now})
		_, _ = open().CreateResult(t.Context(), m.Ref(), job.FailedResult(1, job.Failure{Code: job.CodeTimedOut, Message: "Too slow."}, now))
	}()
	result := run(t, "", "watch", string(m.JobID), "--every", "100ms")
	if result.Failure == nil || result.Failure.Error() != "the job did not succeed" || !strings.Contains(result.Out, "object 1: timed_out: Too slow.") {
		t.Errorf("%v\n%s", result.Failure, result.Out)
	}
	done := submitted(t, s3test.User(t), time.Now(), "cat")
	succeed(t, done, 1)
	if text := pass(t, "watch", string(done.JobID)); !strings.Contains(text, "succeeded, 1 succeeded") {
		t.Errorf("printed %s", text)
	}
}
