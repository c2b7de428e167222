package jobs_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// photoEvents returns the events for Extract about a job's photo.
func photoEvents(t *testing.T, ref job.Ref) int {
	t.Helper()
	return len(s3test.Events(t, job.ExtractFunction, ref.InputPrefix()))
}

func TestRetryOfAFinishedJobMakesANewOneOfTheFailedObjects(t *testing.T) {
	m := submitted(t, s3test.User(t), time.Now().Add(-time.Hour), "cat", "dog")
	succeed(t, m, 1)
	fail(t, m, 2, job.CodeTimedOut)
	var made struct {
		JobID     job.ID
		Continues bool
		Objects   int
	}
	if err := json.Unmarshal([]byte(pass(t, "retry", string(m.JobID), "--json")), &made); err != nil || made.Continues || made.Objects != 1 || made.JobID == m.JobID {
		t.Fatalf("%v, %+v", err, made)
	}
	ref := job.Ref{User: m.UserID, Job: made.JobID}
	upload := s3test.Document[job.Upload](t, ref.UploadKey())
	if upload.Name != "Mum's cat.jpg" || len(upload.Objects) != 1 || upload.Objects[0].Label != "dog" || upload.Options.Seed != 7 || upload.Options.Quality != job.QualityDraft || upload.Options.Faces != 5000 {
		t.Errorf("the upload document is %+v", upload)
	}
	photo, err := open().Photo(t.Context(), upload.Key, "")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"objects": "10,0,20,20,dog", "seed": "7", "formats": "glb", "quality": "draft", "faces": "5000", "job": string(made.JobID)}
	if len(photo.Metadata) != len(want) {
		t.Errorf("the photo's metadata are %v", photo.Metadata)
	} else {
		for name, value := range want {
			if photo.Metadata[name] != value {
				t.Errorf("the photo's %s is %q, want %q", name, photo.Metadata[name], value)
			}
		}
	}
	if photoEvents(t, ref) != 1 {
		t.Errorf("Extract gets %d events", photoEvents(t, ref))
	}
	if _, err := open().MarkedPhoto(t.Context(), ref); err != nil {
		t.Errorf("the marker: %v", err)
	}
}

func TestRetryKeepsPointsAndMasks(t *testing.T) {
	m := submitted(t, s3test.User(t), time.Now().Add(-time.Hour), "cat", "dog")
	m.Objects[1].Points = []job.Point{{X: 15, Y: 5, Inside: true}}
	m.Objects[1].Mask = &job.MaskFile{Key: m.Ref().MaskKey(m.Source.Key, 2), Bytes: 6}
	s3test.Put(t, m.Objects[1].Mask.Key, job.MaskContentType, nil, []byte("a mask"))
	s3test.Delete(t, m.Ref().ManifestKey())
	if _, err := open().CreateManifest(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	succeed(t, m, 1)
	fail(t, m, 2, job.CodeTimedOut)
	var made struct{ JobID job.ID }
	if err := json.Unmarshal([]byte(pass(t, "retry", string(m.JobID), "--json")), &made); err != nil {
		t.Fatal(err)
	}
	ref := job.Ref{User: m.UserID, Job: made.JobID}
	key := s3test.Document[job.Upload](t, ref.UploadKey()).Key
	photo, err := open().Photo(t.Context(), key, "")
	if err != nil || photo.Metadata["objects"] != "10,0,20,20,dog,+15x5,mask" {
		t.Errorf("the photo is %+v (%v)", photo, err)
	}
	if mask, _ := s3test.Get(t, ref.MaskKey(key, 1)); string(mask) != "a mask" {
		t.Errorf("the mask is %q", mask)
	}
}

func TestRetryOfAnUnfinishedJobSendsItsPhotoAgain(t *testing.T) {
	m := submitted(t, s3test.User(t), time.Now(), "cat")
	before := photoEvents(t, m.Ref())
	if text := pass(t, "retry", string(m.JobID)); !strings.Contains(text, "job "+string(m.JobID)+" continues") {
		t.Errorf("printed %s", text)
	}
	photo, err := open().Photo(t.Context(), m.Source.Key, "")
	if err != nil || photo.Metadata[job.MetaJob] != string(m.JobID) || photoEvents(t, m.Ref()) != before+1 {
		t.Errorf("%v, %+v, %d events", err, photo, photoEvents(t, m.Ref()))
	}
}

func TestRetryRefusesWhatCannotHelp(t *testing.T) {
	waiting := submitted(t, s3test.User(t), time.Now(), "cat")
	if err := open().PutQueued(t.Context(), waiting.Ref(), job.Queued{Version: 1, Index: 1, QueuedAt: time.Now()}); err != nil {
		t.Fatal(err)
	}
	made := submitted(t, s3test.User(t), time.Now(), "cat")
	succeed(t, made, 1)
	bad := submitted(t, s3test.User(t), time.Now(), "cat")
	fail(t, bad, 1, job.CodeTooSmall)
	gone := submitted(t, s3test.User(t), time.Now(), "cat")
	fail(t, gone, 1, job.CodeTimedOut)
	s3test.Delete(t, gone.Source.Key)
	for want, m := range map[string]*job.Manifest{
		"no object of job " + string(made.JobID) + " failed; --all": made,
		"because of the photo (image_too_small":                     bad,
		"was deleted; the user must submit it again":                gone,
		"every object of job " + string(waiting.JobID) + " is requested already: it waits for the endpoint, which has 1 of 1": waiting,
	} {
		if result := run(t, "", "retry", string(m.JobID)); result.Failure == nil || !strings.Contains(result.Failure.Error(), want) {
			t.Errorf("%v, want %q", result.Failure, want)
		}
	}
	if ids, _ := list(t, "--user", gone.UserID); len(ids) != 1 {
		t.Errorf("a job without its photo is left: %v", ids)
	}
	pass(t, "retry", string(bad.JobID), "--force")
	pass(t, "retry", string(made.JobID), "--all")
}

func TestDeleteAsksAndRemovesTheWholeJob(t *testing.T) {
	m := submitted(t, s3test.User(t), time.Now(), "cat")
	succeed(t, m, 1)
	for _, answer := range []string{"", "no\n", "y\n"} {
		if result := run(t, answer, "delete", string(m.JobID)); result.Failure == nil || !strings.Contains(result.Failure.Error(), "nothing was changed") {
			t.Errorf("answer %q: %v", answer, result.Failure)
		}
	}
	if result := run(t, "yes\n", "delete", string(m.JobID)); result.Failure != nil || !strings.Contains(result.Out, "is deleted") || !strings.Contains(result.Err, "Mum's cat.jpg, succeeded, 1 object") {
		t.Errorf("%+v", result)
	}
	for _, prefix := range []string{m.Ref().InputPrefix(), m.Ref().OutputPrefix(), m.Ref().PendingKey()} {
		if keys := s3test.Keys(t, prefix); len(keys) > 0 {
			t.Errorf("left: %v", keys)
		}
	}
	other := submitted(t, s3test.User(t), time.Now(), "cat")
	pass(t, "delete", string(other.JobID), "--yes")
}
