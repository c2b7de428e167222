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

func TestShowHasMasksSceneAndOrigin(t *testing.T) {
	m := submitted(t, s3test.User(t), time.Now(), "cup", "spoon", "saucer")
	origin := job.ID("7ybqbcwjxqydg6me54mp18mpd5")
	if err := open().CreateUpload(t.Context(), &job.Upload{
		Version: 1, JobID: m.JobID, UserID: m.UserID, CreatedAt: m.CreatedAt, Key: m.Source.Key, Name: "cat.jpg",
		Objects: []job.Selection{{}, {}, {}}, Options: m.Options, From: &job.Origin{JobID: origin, Key: "x"},
	}); err != nil {
		t.Fatal(err)
	}
	low, high := 0.41, 0.93
	for n, mask := range []*job.MaskUse{{Source: job.MaskSegmenter, Share: 0.5, Score: &low}, {Source: job.MaskPoints, Share: 0.5, Score: &high}, nil} {
		made := job.Result{Version: job.Version, Index: n + 1, Status: job.StatusSucceeded, Mask: mask, Backend: job.BackendRelief, FinishedAt: time.Now()}
		result(t, m, made)
	}
	text := pass(t, "show", string(m.JobID))
	for _, part := range []string{"from job  " + string(origin), "scene     not made yet", "segmenter 0.41, check it", "points 0.93\n"} {
		if !strings.Contains(strings.ReplaceAll(text, " \n", "\n"), part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
	scene := job.Scene{
		Version: 1, Status: job.StatusFailed, Error: job.Invalid(job.CodeTimedOut, "It took too long."),
		Files: []job.SceneFile{{Format: job.FormatGLB, Bytes: 2048}}, Objects: []int{1, 2}, Unplaced: []int{3},
	}
	if created, err := open().CreateScene(t.Context(), m.Ref(), &scene); err != nil || !created {
		t.Fatalf("the scene was written: %v, %v", created, err)
	}
	text = pass(t, "show", string(m.JobID))
	for _, part := range []string{
		"scene     failed, objects 1 2, without a place 3; timed_out: It took too long.",
		"2 KB", "s3://gen3d-local-data/" + m.Ref().SceneFileKey(job.FormatGLB),
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
	var document struct {
		From    job.ID
		Scene   *job.Scene
		Objects []struct{ CheckMask bool }
	}
	if err := json.Unmarshal([]byte(pass(t, "show", string(m.JobID), "--json")), &document); err != nil ||
		document.From != origin || document.Scene == nil || !document.Objects[0].CheckMask || document.Objects[1].CheckMask {
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
