package api_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

func TestDeletedJobLeavesNothing(t *testing.T) {
	w := newWorld(t)
	p := w.submit(catJPEG)
	if a := upload(t, p, nil, []byte("JPEG")); a.StatusCode != http.StatusNoContent {
		t.Fatalf("S3 answers %d", a.StatusCode)
	}
	w.succeed(w.manifest(p.JobID, p.Upload.Fields["key"], "x.jpg"), 1, nil)
	// A photo that was copied in directly is not in a job's folder.
	direct := "users/" + w.user + "/input/direct photo+1.jpg"
	s3test.Put(t, direct, "image/jpeg", nil, []byte("JPEG"))
	s3test.Put(t, "users/"+w.user+"/input/other.jpg", "image/jpeg", nil, []byte("JPEG"))
	id := newID(t, time.Now())
	w.succeed(w.manifest(id, direct, "direct photo+1.jpg"), 1, nil)
	for _, id := range []job.ID{p.JobID, id} {
		if a := w.send(w.user, "DELETE", "/api/jobs/"+string(id), "", nil); a.StatusCode != http.StatusNoContent || len(a.body) > 0 {
			t.Fatalf("deleting answers %d %s", a.StatusCode, a.body)
		}
		w.problem(w.get("/api/jobs/"+string(id)), http.StatusNotFound, "not_found")
		w.problem(w.send(w.user, "DELETE", "/api/jobs/"+string(id), "", nil), http.StatusNotFound, "not_found")
	}
	if keys := s3test.Keys(t, "users/"+w.user+"/"); len(keys) != 1 || w.markers() != 0 || !strings.HasSuffix(keys[0], "other.jpg") {
		t.Errorf("it leaves %v", keys)
	}
	if list := read[jobList](t, w.get("/api/jobs"), http.StatusOK); len(list.Jobs) != 0 {
		t.Errorf("the list has %+v", list.Jobs)
	}
}

// Several photos can be copied to one key: each version is the photo of a job.
func TestDeleteKeepsOtherVersionsOfThePhoto(t *testing.T) {
	w := newWorld(t)
	key := "users/" + w.user + "/input/photo.jpg"
	var ids []job.ID
	for n := range 3 {
		s3test.Put(t, key, "image/jpeg", nil, fmt.Append(nil, "JPEG ", n))
		id := newID(t, time.Now())
		w.succeed(w.manifest(id, key, "photo.jpg"), 1, nil)
		ids = append(ids, id)
	}
	for i, id := range ids {
		if a := w.send(w.user, "DELETE", "/api/jobs/"+string(id), "", nil); a.StatusCode != http.StatusNoContent {
			t.Fatalf("deleting answers %d %s", a.StatusCode, a.body)
		}
		for n := i + 1; n < 3; n++ {
			view := read[jobDetail](t, w.get("/api/jobs/"+string(ids[n])), http.StatusOK)
			response, err := http.Get(view.Source.URL)
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || string(data) != fmt.Sprint("JPEG ", n) {
				t.Errorf("with job %d deleted, the photo of job %d is %q, %v", i, n, data, err)
			}
		}
	}
	if keys := s3test.Keys(t, "users/"+w.user+"/"); len(keys) != 0 {
		t.Errorf("it leaves %v", keys)
	}
}

// Results that the model server writes for a deleted job do not make it a job
// again.
func TestLateResultDoesNotRestoreADeletedJob(t *testing.T) {
	w := newWorld(t)
	id := newID(t, time.Now())
	if _, err := w.bucket.CreateResult(t.Context(), w.ref(id), job.FailedResult(1, job.Failure{}, time.Now())); err != nil {
		t.Fatal(err)
	}
	w.problem(w.get("/api/jobs/"+string(id)), http.StatusNotFound, "not_found")
	if list := read[jobList](t, w.get("/api/jobs"), http.StatusOK); len(list.Jobs) != 0 {
		t.Errorf("the list has %+v", list.Jobs)
	}
}
