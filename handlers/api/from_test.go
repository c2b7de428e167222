package api_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// made uploads a photo with a mask of its second object and writes the manifest.
func (w *world) made() *job.Manifest {
	w.t.Helper()
	p := w.submit(`{"name":"Mum's cup.jpg","contentType":"image/jpeg","bytes":4,"width":640,"height":480,"objects":[
		{"label":"cup","box":[0,0,100,100],"points":[[10,20,1],[30,40,0]]},{"label":"saucer","mask":{"bytes":7}},{}],"options":{"seed":7,"formats":["ply"],"quality":"high","faces":2000}}`)
	if a := p.Masks[0].Upload.post(w.t, nil, []byte("given m")); a.StatusCode != http.StatusNoContent {
		w.t.Fatalf("S3 answers %d: %s", a.StatusCode, a.body)
	}
	if a := upload(w.t, p, nil, []byte("JPEG")); a.StatusCode != http.StatusNoContent {
		w.t.Fatalf("S3 answers %d: %s", a.StatusCode, a.body)
	}
	return w.started(p.JobID, p.Upload.Fields["key"])
}

// started writes the manifest of the photo under a key, as Extract does.
func (w *world) started(id job.ID, key string) *job.Manifest {
	w.t.Helper()
	stored, err := w.bucket.Photo(w.t.Context(), key, "")
	if err != nil {
		w.t.Fatal(err)
	}
	selections, err := job.DecodeSelections(stored.Metadata["objects"])
	if err != nil {
		w.t.Fatal(err)
	}
	options, err := job.DecodeOptions(stored.Metadata)
	if err != nil {
		w.t.Fatal(err)
	}
	ref := w.ref(id)
	m := job.NewManifest(ref, id.Created(), job.Source{
		Bucket: s3test.Bucket, Key: key, VersionID: stored.VersionID, ETag: stored.ETag, Bytes: stored.Bytes,
		Width: 640, Height: 480, Orientation: 1, ContentType: stored.ContentType, Name: "Mum's cup.jpg",
	}, selections, options)
	for i, s := range selections {
		if s.Mask {
			mask, err := w.bucket.Photo(w.t.Context(), ref.MaskKey(key, i+1), "")
			if err != nil {
				w.t.Fatal(err)
			}
			m.Objects[i].Mask = &job.MaskFile{Key: mask.Key, VersionID: mask.VersionID, ETag: mask.ETag, Bytes: mask.Bytes}
		}
	}
	if _, err := w.bucket.CreateManifest(w.t.Context(), &m); err != nil {
		w.t.Fatal(err)
	}
	return &m
}

// from creates a job of an earlier job's photo. further is the rest of the body.
func (w *world) from(id job.ID, further string) answer {
	w.t.Helper()
	return w.post(fmt.Sprintf(`{"from":{"jobId":%q}%s}`, id, further))
}

// copied returns the metadata of the photo of a job that has started, and its
// masks.
func (w *world) copied(id job.ID) (metadata map[string]string, masks map[string]string) {
	w.t.Helper()
	ref := w.ref(id)
	events := s3test.Events(w.t, job.ExtractFunction, ref.InputPrefix())
	if len(events) != 1 {
		w.t.Fatalf("the bucket sent %d events to extract", len(events))
	}
	key := events[0].Records[0].S3.Object.URLDecodedKey
	if data, _ := s3test.Get(w.t, key); string(data) != "JPEG" || key != ref.PhotoKey("Mum's cup", ".jpg") {
		w.t.Errorf("the photo %s is %q", key, data)
	}
	stored, err := w.bucket.Photo(w.t.Context(), key, "")
	if err != nil || stored.ContentType != "image/jpeg" {
		w.t.Errorf("the photo is %+v (%v)", stored, err)
	}
	masks = map[string]string{}
	for _, name := range s3test.Keys(w.t, ref.InputPrefix()) {
		if data, _ := s3test.Get(w.t, name); name != key {
			masks[strings.TrimPrefix(name, ref.InputPrefix())] = string(data)
		}
	}
	return stored.Metadata, masks
}

func TestAJobOfAnEarlierPhotoKeepsWhatIsNotReplaced(t *testing.T) {
	w := newWorld(t)
	earlier := w.made()
	made := read[createdJob](t, w.from(earlier.JobID, ""), http.StatusCreated)
	if made.JobID == earlier.JobID || made.State != job.StateUploading || made.Upload.URL != "" || len(made.Masks) != 0 {
		t.Errorf("the response is %+v", made)
	}
	metadata, masks := w.copied(made.JobID)
	want := map[string]string{"objects": "0,0,100,100,cup,+10x20-30x40;*,saucer,mask;*", "seed": "7", "formats": "ply", "quality": "high", "faces": "2000", "job": string(made.JobID)}
	if !maps.Equal(metadata, want) || !maps.Equal(masks, map[string]string{"2.mask": "given m"}) {
		t.Errorf("the metadata are %v, the masks %v", metadata, masks)
	}
	if keys := s3test.Keys(t, w.ref(made.JobID).PendingKey()); len(keys) != 1 {
		t.Error("there is no pending marker")
	}
	document := s3test.Document[job.Upload](t, w.ref(made.JobID).UploadKey())
	if want := (job.Origin{JobID: earlier.JobID, Key: earlier.Source.Key, VersionID: earlier.Source.VersionID}); document.From == nil || *document.From != want || document.Name != "Mum's cup.jpg" {
		t.Errorf("upload.json says %+v", document)
	}
	detail := read[jobDetail](t, w.get("/api/jobs/"+string(made.JobID)), http.StatusOK)
	if detail.State != job.StateUploading || len(detail.Objects) != 3 || !detail.Objects[1].MaskGiven || detail.Source.Name != "Mum's cup.jpg" {
		t.Errorf("the job is %+v", detail)
	}

	// Again, of that job: it has its own files.
	if a := w.send(w.user, "DELETE", "/api/jobs/"+string(earlier.JobID), "", nil); a.StatusCode != http.StatusNoContent {
		t.Fatalf("deleting answers %d", a.StatusCode)
	}
	second := w.started(made.JobID, w.ref(made.JobID).PhotoKey("Mum's cup", ".jpg"))
	again := read[createdJob](t, w.from(second.JobID, ""), http.StatusCreated)
	if _, masks := w.copied(again.JobID); !maps.Equal(masks, map[string]string{"2.mask": "given m"}) {
		t.Errorf("the masks are %v", masks)
	}
}

func TestAJobOfAnEarlierPhotoReplacesObjectsAndOptions(t *testing.T) {
	w := newWorld(t)
	earlier := w.made()
	s3test.Put(t, earlier.Ref().UsedMaskKey(3), "image/png", nil, []byte("found m"))
	s3test.Put(t, earlier.Ref().UsedMaskKey(2), "image/png", nil, []byte("not this"))
	made := read[createdJob](t, w.from(earlier.JobID, `,"objects":[
		{"label":"new","mask":{"copy":3}},{"box":[5,5,50,50],"mask":{"copy":2}},{"points":[[639,479,1]]}],"options":{"seed":8,"quality":"draft"}`), http.StatusCreated)
	metadata, masks := w.copied(made.JobID)
	want := map[string]string{"objects": "*,new,mask;5,5,50,50,,mask;*,,+639x479", "seed": "8", "formats": "ply", "quality": "draft", "faces": "2000", "job": string(made.JobID)}
	if !maps.Equal(metadata, want) || !maps.Equal(masks, map[string]string{"1.mask": "found m", "2.mask": "given m"}) {
		t.Errorf("the metadata are %v, the masks %v", metadata, masks)
	}
	given := earlier.Objects[1].Mask // without it the one that the model used is left
	if err := w.bucket.DeletePhoto(t.Context(), given.Key, given.VersionID); err != nil {
		t.Fatal(err)
	}
	second := read[createdJob](t, w.from(earlier.JobID, ""), http.StatusCreated)
	if _, masks = w.copied(second.JobID); masks["2.mask"] != "not this" {
		t.Errorf("the masks are %v", masks)
	}
	whole := read[createdJob](t, w.from(earlier.JobID, `,"objects":[],"options":{"formats":null,"faces":0}`), http.StatusCreated)
	metadata, masks = w.copied(whole.JobID)
	want = map[string]string{"objects": "*", "seed": "7", "formats": job.EncodeFormats(job.DefaultFormats), "quality": "high", "job": string(whole.JobID)}
	if !maps.Equal(metadata, want) || len(masks) != 0 {
		t.Errorf("the metadata are %v, the masks %v", metadata, masks)
	}
}

func TestAJobOfAnEarlierPhotoStartsWhenItsMasksAreThere(t *testing.T) {
	w := newWorld(t)
	earlier := w.made()
	made := read[createdJob](t, w.from(earlier.JobID, `,"objects":[{"mask":{"bytes":5}},{"mask":{"copy":2}},{"mask":{"bytes":6}}]`), http.StatusCreated)
	if len(made.Masks) != 2 || made.Upload.URL != "" {
		t.Fatalf("the response is %+v", made)
	}
	path := "/api/jobs/" + string(made.JobID) + "/start"
	start := func() answer { t.Helper(); return w.send(w.user, "POST", path, "", nil) }
	for i, mask := range []string{"first", "second"} {
		p := w.problem(start(), http.StatusConflict, "mask_missing")
		if want := fmt.Sprintf("The mask of object %d has not been uploaded; send it with its form, then start the job.", 2*i+1); p.Detail != want {
			t.Errorf("the detail is %q", p.Detail)
		}
		if a := made.Masks[i].Upload.post(t, nil, []byte(mask)); a.StatusCode != http.StatusNoContent {
			t.Fatalf("S3 answers %d: %s", a.StatusCode, a.body)
		}
	}
	if events := s3test.Events(t, job.ExtractFunction, w.ref(made.JobID).InputPrefix()); len(events) != 0 {
		t.Error("the job has started already")
	}
	for _, other := range []string{"someone", w.user + "x"} {
		w.problem(w.send(other, "POST", path, "", nil), http.StatusNotFound, "not_found")
	}
	for range 2 { // a repeat does nothing
		if a := start(); a.StatusCode != http.StatusNoContent {
			t.Fatalf("starting answers %d: %s", a.StatusCode, a.body)
		}
	}
	metadata, masks := w.copied(made.JobID)
	if metadata["objects"] != "*,,mask;*,,mask;*,,mask" || !maps.Equal(masks, map[string]string{"1.mask": "first", "2.mask": "given m", "3.mask": "second"}) {
		t.Errorf("the metadata are %v, the masks %v", metadata, masks)
	}
	w.started(made.JobID, w.ref(made.JobID).PhotoKey("Mum's cup", ".jpg"))
	if a := start(); a.StatusCode != http.StatusNoContent {
		t.Errorf("starting a job at work answers %d: %s", a.StatusCode, a.body)
	}
}

// A caller that repeats a request whose response was lost makes no mesh twice.
func TestAJobOfAnEarlierPhotoWaitsForItsStart(t *testing.T) {
	w := newWorld(t)
	earlier := w.made()
	made := read[createdJob](t, w.post(fmt.Sprintf(`{"from":{"jobId":%q,"start":false},"objects":[{"mask":{"copy":2}}]}`, earlier.JobID)), http.StatusCreated)
	if len(made.Masks) != 0 || made.Upload.URL != "" {
		t.Errorf("the response is %+v", made)
	}
	if events := s3test.Events(t, job.ExtractFunction, w.ref(made.JobID).InputPrefix()); len(events) != 0 {
		t.Error("the job has started already")
	}
	detail := read[jobDetail](t, w.get("/api/jobs/"+string(made.JobID)), http.StatusOK)
	if detail.State != job.StateUploading || detail.ExpiresAt == nil {
		t.Errorf("the job is %+v", detail)
	}
	for range 2 {
		if a := w.send(w.user, "POST", "/api/jobs/"+string(made.JobID)+"/start", "", nil); a.StatusCode != http.StatusNoContent {
			t.Fatalf("starting answers %d: %s", a.StatusCode, a.body)
		}
	}
	if _, masks := w.copied(made.JobID); !maps.Equal(masks, map[string]string{"1.mask": "given m"}) {
		t.Errorf("the masks are %v", masks)
	}
	for _, start := range []string{"null", "1", `"no"`} {
		w.problem(w.post(fmt.Sprintf(`{"from":{"jobId":%q,"start":%s}}`, earlier.JobID, start)), http.StatusBadRequest, "malformed_request")
	}
	read[createdJob](t, w.post(fmt.Sprintf(`{"from":{"jobId":%q,"start":true}}`, earlier.JobID)), http.StatusCreated)
}

// The mask that was given can be read when the model has kept none, as after a
// failure.
func TestTheGivenMaskIsShown(t *testing.T) {
	w := newWorld(t)
	earlier := w.made()
	detail := read[jobDetail](t, w.get("/api/jobs/"+string(earlier.JobID)), http.StatusOK)
	if detail.Objects[0].GivenMask != "" || detail.Objects[2].GivenMask != "" {
		t.Errorf("the objects are %+v", detail.Objects)
	}
	a, err := http.Get(detail.Objects[1].GivenMask)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	data, err := io.ReadAll(a.Body)
	if err != nil || string(data) != "given m" || a.Header.Get("Content-Type") != job.MaskContentType {
		t.Errorf("the mask is %q, %s (%v)", data, a.Header.Get("Content-Type"), err)
	}
}

func TestJobsThatCannotBeStarted(t *testing.T) {
	now := time.Now()
	w := newWorldWith(t, config(), s3test.Client(nil), func() time.Time { return now })
	start := func(id job.ID) answer {
		t.Helper()
		return w.send(w.user, "POST", "/api/jobs/"+string(id)+"/start", "", nil)
	}
	w.problem(start("x"), http.StatusNotFound, "not_found")
	w.problem(start(newID(t, now)), http.StatusNotFound, "not_found")
	w.problem(start(w.submit(catJPEG).JobID), http.StatusConflict, "needs_photo")
	earlier := w.made()
	late := read[createdJob](t, w.from(earlier.JobID, `,"objects":[{"mask":{"bytes":5}}]`), http.StatusCreated)
	gone := read[createdJob](t, w.from(earlier.JobID, `,"objects":[{"mask":{"bytes":5}}]`), http.StatusCreated)
	for _, made := range []createdJob{late, gone} {
		if a := made.Masks[0].Upload.post(t, nil, []byte("first")); a.StatusCode != http.StatusNoContent {
			t.Fatalf("S3 answers %d: %s", a.StatusCode, a.body)
		}
	}
	s3test.Delete(t, earlier.Source.Key)
	w.problem(start(gone.JobID), http.StatusConflict, "photo_gone")
	now = now.Add(time.Hour)
	w.problem(start(late.JobID), http.StatusConflict, "upload_expired")
	if a := w.send(w.user, "DELETE", "/api/jobs/"+string(late.JobID), "", nil); a.StatusCode != http.StatusNoContent || len(s3test.Keys(t, w.ref(late.JobID).InputPrefix())) > 0 {
		t.Errorf("deleting answers %d, and masks are left", a.StatusCode)
	}
}

func TestThePhotoOfAJobInAnyStateIsUsed(t *testing.T) {
	w := newWorld(t)
	p := w.submit(`{"name":"Mum's cup.jpg","contentType":"image/jpeg","bytes":4,"objects":[{"label":"cup","mask":{"bytes":7}}]}`)
	none := w.problem(w.from(p.JobID, ""), http.StatusConflict, "photo_gone")
	if none.Detail != "The photo of that job was deleted or never arrived; choose the photo again." {
		t.Errorf("the detail is %q", none.Detail)
	}
	put := func(f form, data string) {
		t.Helper()
		if a := f.post(t, nil, []byte(data)); a.StatusCode != http.StatusNoContent {
			t.Fatalf("S3 answers %d: %s", a.StatusCode, a.body)
		}
	}
	put(p.Masks[0].Upload, "given m")
	put(p.Upload, "JPEG")
	made := read[createdJob](t, w.from(p.JobID, ""), http.StatusCreated) // before Extract has run
	if metadata, masks := w.copied(made.JobID); metadata["objects"] != "*,cup,mask" || masks["1.mask"] != "given m" {
		t.Errorf("the metadata are %v, the masks %v", metadata, masks)
	}
	m := w.started(p.JobID, p.Upload.Fields["key"])
	failed := job.FailedResult(1, *job.Invalid(job.CodeModelFailed, "No."), time.Now())
	if _, err := w.bucket.CreateResult(t.Context(), m.Ref(), failed); err != nil {
		t.Fatal(err)
	}
	read[createdJob](t, w.from(p.JobID, ""), http.StatusCreated)
}

// A key to which photos were copied has a version for each job.
func TestTheVersionOfTheEarlierJobIsCopied(t *testing.T) {
	w := newWorld(t)
	key := "users/" + w.user + "/input/Mum's cup.jpg"
	s3test.Put(t, key+".1.mask", "image/png", nil, []byte("given m"))
	s3test.Put(t, key, "image/jpeg", map[string]string{"objects": "*,,mask"}, []byte("JPEG"))
	m := w.started(newID(t, time.Now()), key)
	s3test.Put(t, key+".1.mask", "image/png", nil, []byte("another"))
	s3test.Put(t, key, "image/jpeg", nil, []byte("OTHER"))
	made := read[createdJob](t, w.from(m.JobID, ""), http.StatusCreated)
	if _, masks := w.copied(made.JobID); masks["1.mask"] != "given m" {
		t.Errorf("the masks are %v", masks)
	}
}

func TestJobsOfAnEarlierPhotoThatCannotBeMade(t *testing.T) {
	w := newWorld(t)
	earlier := w.made()
	other := newWorld(t)
	unknown := newID(t, time.Now())
	for name, test := range map[string]struct {
		of     *world
		id     job.ID
		rest   string
		status int
		code   string
		says   string
	}{
		"another user's":    {other, earlier.JobID, "", 404, "not_found", "This job does not exist"},
		"unknown":           {w, unknown, "", 404, "not_found", "This job does not exist"},
		"no ID":             {w, "x", "", 404, "not_found", "This job does not exist"},
		"a path":            {w, "../" + earlier.JobID, "", 404, "not_found", "This job does not exist"},
		"a box outside":     {w, earlier.JobID, `,"objects":[{"box":[0,0,641,480]}]`, 422, "invalid_request", "640 × 480"},
		"a point outside":   {w, earlier.JobID, `,"objects":[{"points":[[640,0,1]]}]`, 422, "invalid_request", "640 × 480"},
		"no mask":           {w, earlier.JobID, `,"objects":[{},{"mask":{"copy":1}}]`, 422, "invalid_request", "There is no mask of object 1 of that job; give the mask of object 2 itself, or none."},
		"no such object":    {w, earlier.JobID, `,"objects":[{"mask":{"copy":4}}]`, 422, "invalid_request", "There is no mask of object 4 of that job"},
		"a negative object": {w, earlier.JobID, `,"objects":[{"mask":{"copy":-1}}]`, 422, "invalid_request", "either uploaded"},
		"both":              {w, earlier.JobID, `,"objects":[{"mask":{"copy":2,"bytes":3}}]`, 422, "invalid_request", "either uploaded"},
		"a name":            {w, earlier.JobID, `,"name":"a.jpg"`, 400, "malformed_request", ""},
		"17 objects":        {w, earlier.JobID, `,"objects":[{}` + strings.Repeat(",{}", 16) + `]`, 422, "invalid_request", "17 objects"},
	} {
		p := test.of.problem(test.of.from(test.id, test.rest), test.status, test.code)
		if !strings.Contains(p.Detail, test.says) {
			t.Errorf("%s: the detail is %q", name, p.Detail)
		}
	}
	for _, body := range []string{`{"from":null}`, `{"from":"x"}`, `{"from":{"jobId":7}}`, `{"from":{"jobId":"x","version":"y"}}`, `{"from":{"job":"x"}}`} {
		w.problem(w.post(body), http.StatusBadRequest, "malformed_request")
	}
	w.problem(w.post(`{"from":{}}`), http.StatusNotFound, "not_found")
	s3test.Delete(t, earlier.Source.Key)
	w.problem(w.from(earlier.JobID, ""), http.StatusConflict, "photo_gone")
	if a := w.send(w.user, "DELETE", "/api/jobs/"+string(earlier.JobID), "", nil); a.StatusCode != http.StatusNoContent {
		t.Fatalf("deleting answers %d", a.StatusCode)
	}
	w.problem(w.from(earlier.JobID, ""), http.StatusNotFound, "not_found")
	if keys := append(s3test.Keys(t, "users/"+other.user+"/"), s3test.Keys(t, "users/"+w.user+"/")...); len(keys) > 0 {
		t.Errorf("left are %v", keys)
	}
}

// A place among the unfinished jobs is free again if the job cannot be made.
func TestAJobWhoseCopyFailsLeavesNothing(t *testing.T) {
	c := config()
	c.Limits.MaxUnfinished = 2
	for name, test := range map[string]struct {
		copies, status int // the copy that fails, and S3's status
		want           int
	}{
		"the mask":                  {1, http.StatusForbidden, http.StatusInternalServerError},
		"the photo":                 {2, http.StatusForbidden, http.StatusInternalServerError},
		"the photo's version gone":  {2, http.StatusNotFound, http.StatusConflict},
		"the mask was just deleted": {1, http.StatusNotFound, http.StatusConflict},
	} {
		w := newWorldWith(t, c, s3test.Client(nil), time.Now)
		earlier := w.made()
		copies := 0
		broken := s3test.Client(transport(func(r *http.Request) (*http.Response, error) {
			if r.Header.Get("X-Amz-Copy-Source") != "" {
				if copies++; copies == test.copies {
					body := "<Error><Code>" + map[int]string{http.StatusForbidden: "AccessDenied", http.StatusNotFound: "NoSuchVersion"}[test.status] + "</Code></Error>"
					return &http.Response{StatusCode: test.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
				}
			}
			return s3test.Transport.RoundTrip(r)
		}))
		fine := w.url
		w.url = w.serve(broken, time.Now, &w.endpoint)
		if a := w.from(earlier.JobID, ""); a.StatusCode != test.want || copies != test.copies {
			t.Errorf("%s: the answer is %d after %d copies: %s", name, a.StatusCode, copies, a.body)
		}
		for _, key := range append(s3test.Keys(t, "users/"+w.user+"/"), s3test.Keys(t, job.PendingUserPrefix(w.user))...) {
			if !strings.Contains(key, string(earlier.JobID)) && key != job.ClaimsKey(w.user) {
				t.Errorf("%s: left is %s", name, key)
			}
		}
		w.url = fine
		read[createdJob](t, w.from(earlier.JobID, ""), http.StatusCreated)
		w.problem(w.from(earlier.JobID, ""), http.StatusTooManyRequests, "too_many_unfinished_jobs")
	}
}

// transport implements http.RoundTripper by a function.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
