package functions_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"slices"
	"testing"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

func grayPNG(t *testing.T, width, height int) []byte {
	t.Helper()
	var data bytes.Buffer
	if err := png.Encode(&data, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

type form struct {
	URL    string
	Fields map[string]string
}

// createdJob is the response to POST /api/jobs.
type createdJob struct {
	JobID  job.ID
	Upload form
	Masks  []struct {
		Object int
		Upload form
	}
}

// send uploads a file with a form.
func (f form) send(t *testing.T, data []byte) {
	t.Helper()
	if status, answer := post(t, f.URL, f.Fields, data); status != http.StatusNoContent {
		t.Fatalf("S3 answered the upload with %d %s", status, answer)
	}
}

// extracted handles the only event of a job's photo and returns the manifest.
func (w *world) extracted(id job.ID) job.Manifest {
	w.Helper()
	ref := job.Ref{User: w.user, Job: id}
	sent := s3test.Events(w.T, "extract", ref.InputPrefix())
	if len(sent) != 1 {
		w.Fatalf("the bucket sent %d events of the photo; want one", len(sent))
	}
	w.start("extract").handle(sent[0])
	return s3test.Document[job.Manifest](w.T, ref.ManifestKey())
}

func TestMasksGoWithTheirJobFromOneToTheNext(t *testing.T) {
	w := newWorld(t)
	api := w.start("api")
	photo, large, small := picture(t, "coffee.jpg"), grayPNG(t, 600, 400), grayPNG(t, 300, 200)
	var first createdJob
	api.call(http.MethodPost, "/api/jobs", fmt.Sprintf(`{"name":"cup.jpg","contentType":"image/jpeg","bytes":%d,"width":600,"height":400,"objects":[
		{"points":[[100,150,1],[599,399,0]]},{"label":"cup","mask":{"bytes":%d}}]}`, len(photo), len(large)), http.StatusCreated, &first)
	first.Masks[0].Upload.send(t, large)

	// Before the photo is there, no other job can be made of it.
	again := fmt.Sprintf(`{"from":{"jobId":%q}}`, first.JobID)
	api.call(http.MethodPost, "/api/jobs", again, http.StatusConflict, nil)
	first.Upload.send(t, photo)
	var early createdJob
	api.call(http.MethodPost, "/api/jobs", again, http.StatusCreated, &early)

	m := w.extracted(first.JobID)
	mask := m.Objects[1].Mask
	if m.Refused != nil || !slices.Equal(m.Objects[0].Points, []job.Point{{X: 100, Y: 150, Inside: true}, {X: 599, Y: 399}}) ||
		mask == nil || mask.Key != m.Ref().InputPrefix()+"2.mask" || mask.Bytes != int64(len(large)) || mask.VersionID == "" {
		t.Fatalf("the manifest is %+v", m)
	}
	if m := w.extracted(early.JobID); m.Refused != nil || m.Objects[1].Mask == nil || m.Objects[1].Mask.Key != m.Ref().InputPrefix()+"2.mask" || m.Objects[1].Label != "cup" {
		t.Errorf("the manifest is %+v", m)
	}

	// The first object's mask is the one that the model found, the second's is new.
	s3test.Put(t, m.Ref().UsedMaskKey(1), "image/png", nil, small)
	var next createdJob
	api.call(http.MethodPost, "/api/jobs", fmt.Sprintf(`{"from":{"jobId":%q},"objects":[{"mask":{"copy":1}},{"mask":{"bytes":%d}},{"mask":{"copy":2}}]}`, first.JobID, len(small)),
		http.StatusCreated, &next)
	start := "/api/jobs/" + string(next.JobID) + "/start"
	api.call(http.MethodPost, start, "", http.StatusConflict, nil)
	next.Masks[0].Upload.send(t, small)
	api.call(http.MethodPost, start, "", http.StatusNoContent, nil)
	m = w.extracted(next.JobID)
	if m.Refused != nil || m.Source.Width != 600 || len(m.Objects) != 3 {
		t.Fatalf("the manifest is %+v", m)
	}
	for i, want := range [][]byte{small, small, large} {
		if data, _ := s3test.Get(t, m.Objects[i].Mask.Key); !bytes.Equal(data, want) {
			t.Errorf("mask %d has %d bytes; want %d", i+1, len(data), len(want))
		}
	}

	for _, id := range []job.ID{first.JobID, early.JobID, next.JobID} {
		api.call(http.MethodDelete, "/api/jobs/"+string(id), "", http.StatusNoContent, nil)
		w.wantNothingOf(job.Ref{User: w.user, Job: id})
	}
}

func TestMasksBesideAPhotoThatWasCopiedIn(t *testing.T) {
	w := newWorld(t)
	key := "users/" + w.user + "/input/cup.jpg"
	w.copyIn(key+".1.mask", grayPNG(t, 600, 400), nil)
	w.copyIn(key, picture(t, "coffee.jpg"), map[string]string{"objects": "*,cup,mask"})
	w.start("extract").handle(s3test.Events(t, "extract", key)[0])
	m := s3test.Document[job.Manifest](t, w.job().ManifestKey())
	if m.Refused != nil || m.Objects[0].Mask == nil || m.Objects[0].Mask.Key != key+".1.mask" {
		t.Fatalf("the manifest is %+v", m)
	}
	api := w.start("api")
	var next createdJob
	api.call(http.MethodPost, "/api/jobs", fmt.Sprintf(`{"from":{"jobId":%q}}`, m.JobID), http.StatusCreated, &next)
	api.call(http.MethodDelete, "/api/jobs/"+string(m.JobID), "", http.StatusNoContent, nil)
	if keys := s3test.Keys(t, key); len(keys) != 0 {
		t.Errorf("left are %v", keys)
	}
	if m := w.extracted(next.JobID); m.Refused != nil || m.Objects[0].Mask == nil {
		t.Errorf("the manifest is %+v", m)
	}
}
