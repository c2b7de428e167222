package service_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gen3d/internal/job"
)

func TestPhotoCopiedIntoTheBucketBecomesMeshesAndAMail(t *testing.T) {
	s := start(t, t.TempDir())
	s.copyIn("users/testuser001/input/My cup+saucer ü.jpg", photo(t, "coffee.jpg"), nil)
	m := s.mailTo("testuser001@example.com", "My cup+saucer ü.jpg")
	if m.Subject != "Your 3D Mesh is Ready!" {
		t.Errorf("the mail: %q to %v", m.Subject, m.To)
	}
	if admins := s.mailTo(adminMail, "My cup+saucer ü.jpg"); !strings.Contains(admins.Text, "s3://gen3d-local-data/users/testuser001/output/") {
		t.Errorf("the admin's mail lacks the job's folder:\n%s", admins.Text)
	}
	if !strings.Contains(m.Text, s.url+"/jobs/") || !strings.Contains(m.HTML, s.url+"/jobs/") || !strings.Contains(m.Text, "CPU preview") {
		t.Errorf("the mail lacks the job's page or the backend:\n%s", m.Text)
	}
	keys := s.keys("users/testuser001/output/")
	for _, suffix := range []string{
		"/job.json", "/1/mesh.glb", "/1/mesh.ply", "/1/splat.ply", "/1/splat.spz", "/1/preview", "/1/mask", "/1.result.json", "/notified.json",
	} {
		i := slices.IndexFunc(keys, func(key string) bool { return strings.HasSuffix(key, suffix) })
		if i < 0 {
			t.Fatalf("no %s among %q", suffix, keys)
		}
		if data := s.object(keys[i]); suffix == "/1/mesh.glb" && !bytes.HasPrefix(data, []byte("glTF\x02\x00\x00\x00")) {
			t.Errorf("%s is no binary glTF 2.0", keys[i])
		}
	}
	s.eventually("no marker left", func() bool { return s.markers() == 0 })
}

func TestUnknownUsersJobIsMailedToTheAdminAlone(t *testing.T) {
	s := start(t, t.TempDir())
	s.copyIn("users/somebody/input/cat.webp", photo(t, "cat.webp"), nil)
	s.mailTo(adminMail, "cat.webp")
	s.eventually("no marker left", func() bool { return s.markers() == 0 })
	if mails := s.mails(); len(mails) != 1 {
		t.Errorf("%d mails went out", len(mails))
	}
}

func TestEachPhotoCopiedInIsAJob(t *testing.T) {
	s := start(t, t.TempDir())
	const copies = 4
	for range copies { // the same file again is a new job, even within a second
		s.copyIn("users/testuser001/input/cat.jpg", photo(t, "cat.jpg"), map[string]string{"objects": "*"})
	}
	s.eventually("two mails of each job", func() bool { return len(s.mails()) == 2*copies })
	s.eventually("the end of all", func() bool { return s.markers() == 0 })
	if c := s.as("testuser001"); len(c.jobs()) != copies {
		t.Errorf("the jobs are %q", c.jobs())
	}
}

// The job keeps its photo, whatever is uploaded with its form afterwards.
func TestAFormMakesAJobOfOnePhoto(t *testing.T) {
	s := start(t, t.TempDir())
	c := s.as("testuser001")
	first, other := photo(t, "cat.jpg"), photo(t, "coffee.jpg")
	size := max(len(first), len(other)) // bytes after a JPEG's end are ignored
	first, other = append(first, make([]byte, size-len(first))...), append(other, make([]byte, size-len(other))...)
	made := c.newJob("photo.jpg", "image/jpeg", size)
	key := made.Upload.Fields["key"]
	post := func(photo []byte) {
		t.Helper()
		if status, answer := c.upload(made, photo); status != http.StatusNoContent {
			t.Fatalf("posting: %d %s", status, answer)
		}
	}
	post(first)
	mesh := func(view jobView) []byte {
		t.Helper()
		if view.State != "succeeded" {
			t.Fatalf("the job: %+v", view)
		}
		_, data := download(t.Context(), t, view.Objects[0].Files[0].URL)
		return data
	}
	before := mesh(s.finish(c, made.JobID))
	s.eventually("the mails", func() bool { return len(s.mails()) == 2 })
	for i, again := range [][]byte{other, first} {
		post(again)
		s.eventually("the job's own photo is the newest again", func() bool {
			return strings.Count(s.output.String(), "removing another version of the job's photo") == i+1 && bytes.Equal(s.object(key), first)
		})
		view := c.job(made.JobID)
		if _, shown := download(t.Context(), t, view.Source.URL); !bytes.Equal(shown, first) {
			t.Error("the page shows another photo")
		}
		if !bytes.Equal(mesh(view), before) {
			t.Error("the mesh is another one")
		}
	}
	if jobs := c.jobs(); !slices.Equal(jobs, []string{made.JobID}) || len(s.mails()) != 2 {
		t.Errorf("the jobs are %q, with %d mails", jobs, len(s.mails()))
	}
	if status, _ := c.call(http.MethodDelete, "/api/jobs/"+made.JobID, nil); status != http.StatusNoContent {
		t.Fatalf("deleting: %d", status)
	}
	s.eventually("nothing of the photo on disk", func() bool {
		entries, err := os.ReadDir(filepath.Join(s.data, "s3", "objects", dataBucket, ".sgwtmp", "versions"))
		return len(s.keys("users/")) == 0 && len(entries) == 0 && (err == nil || os.IsNotExist(err))
	})
}

func TestJobThroughTheAPI(t *testing.T) {
	s := start(t, t.TempDir())
	c := s.as("testuser002")
	id := c.submit("Frühstück 1.jpg", "image/jpeg", photo(t, "coffee.jpg"), []int{180, 60, 480, 340}, []int{20, 40, 300, 300})
	view := s.finish(c, id)
	if view.State != "succeeded" || len(view.Objects) != 2 {
		t.Fatalf("the job: %+v", view)
	}
	for _, o := range view.Objects {
		if len(o.Files) != len(job.DefaultFormats) || o.Backend != "relief" {
			t.Fatalf("object %d: %+v", o.Index, o)
		}
		for _, f := range o.Files {
			response, data := download(t.Context(), t, f.URL)
			disposition := response.Header.Get("Content-Disposition")
			if response.StatusCode != http.StatusOK || int64(len(data)) != f.Bytes || !strings.HasPrefix(disposition, "attachment") || !strings.Contains(disposition, "thing") {
				t.Errorf("%s: %s, %d of %d bytes, %q", f.Name, response.Status, len(data), f.Bytes, disposition)
			}
		}
		if response, data := download(t.Context(), t, o.Preview); !bytes.HasPrefix(data, []byte("\x89PNG")) || response.Header.Get("Content-Type") != "image/png" {
			t.Errorf("object %d's preview is no PNG", o.Index)
		}
	}
	s.mailTo("testuser002@example.com", id)
	s.mailTo(adminMail, id)

	if status, _ := c.call(http.MethodDelete, "/api/jobs/"+id, nil); status != http.StatusNoContent {
		t.Errorf("deleting: %d", status)
	}
	if p := c.refused(http.MethodGet, "/api/jobs/"+id, nil); p.Status != http.StatusNotFound {
		t.Errorf("a deleted job answers %d", p.Status)
	}
	if left := s.keys("users/testuser002/"); len(left) != 0 {
		t.Errorf("left after deleting: %q", left)
	}
}

func TestAnotherUsersJobDoesNotExist(t *testing.T) {
	s := start(t, t.TempDir())
	a, b := s.as("testuser001"), s.as("testuser002")
	id := a.submit("cat.jpg", "image/jpeg", photo(t, "cat.jpg"))
	s.finish(a, id)
	unknown := id[:25] + "0"
	if unknown == id {
		unknown = id[:25] + "1"
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		theirs, never := b.refused(method, "/api/jobs/"+id, nil), b.refused(method, "/api/jobs/"+unknown, nil)
		if theirs.Status != http.StatusNotFound || theirs.Title != never.Title || strings.ReplaceAll(theirs.Detail, id, "") != strings.ReplaceAll(never.Detail, unknown, "") {
			t.Errorf("%s: %+v for another's job, %+v for none", method, theirs, never)
		}
	}
	_, answer := b.call(http.MethodGet, "/api/jobs", nil)
	if strings.Contains(string(answer), id) {
		t.Errorf("the list of another user shows the job: %s", answer)
	}
	if view := a.job(id); view.State != "succeeded" {
		t.Errorf("the owner's job is %s", view.State)
	}
}

func TestUploadIsLimitedToItsForm(t *testing.T) {
	s := start(t, t.TempDir())
	c := s.as("testuser001")
	body := photo(t, "cat.jpg")
	for name, forge := range map[string]func(made created){
		"another key":      func(m created) { m.Upload.Fields["key"] = "users/testuser002/input/x.jpg" },
		"other objects":    func(m created) { m.Upload.Fields["x-amz-meta-objects"] = "0,0,9,9" },
		"a further header": func(m created) { m.Upload.Fields["x-amz-meta-more"] = "1" },
		"another type":     func(m created) { m.Upload.Fields["Content-Type"] = "text/html" },
		"no signature":     func(m created) { delete(m.Upload.Fields, "X-Amz-Signature") },
	} {
		made := c.newJob("cat.jpg", "image/jpeg", len(body), []int{10, 10, 200, 200})
		forge(made)
		if status, answer := c.upload(made, body); status < 400 || status >= 500 {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	made := c.newJob("cat.jpg", "image/jpeg", len(body))
	if status, _ := c.upload(made, bytes.Repeat([]byte{1}, 21<<20)); status < 400 || status >= 500 {
		t.Errorf("21 MB were taken: %d", status)
	}
	if got := s.keys("users/testuser002/"); len(got) != 0 {
		t.Errorf("the other user's folder holds %q", got)
	}
}

func TestJobsListPagesNewestFirst(t *testing.T) {
	s := start(t, t.TempDir())
	c := s.as("testuser003")
	var want []string
	for range 5 {
		want = append([]string{c.newJob("cat.jpg", "image/jpeg", 1000).JobID}, want...)
	}
	var got []string
	for query := ""; ; {
		_, answer := c.call(http.MethodGet, "/api/jobs?limit=2"+query, nil)
		var page struct {
			Jobs []struct {
				JobID string `json:"jobId"`
				State string `json:"state"`
			} `json:"jobs"`
			NextCursor *string `json:"nextCursor"`
		}
		if err := json.Unmarshal(answer, &page); err != nil {
			t.Fatalf("%v: %s", err, answer)
		}
		for _, j := range page.Jobs {
			got = append(got, j.JobID)
			if j.State != "uploading" {
				t.Errorf("job %s is %s before its photo", j.JobID, j.State)
			}
		}
		if page.NextCursor == nil {
			break
		}
		query = "&cursor=" + *page.NextCursor
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %q, made %q", got, want)
	}
}

func TestNothingSecretIsLogged(t *testing.T) {
	data := t.TempDir()
	s := start(t, data)
	c := s.as("testuser001")
	s.finish(c, c.submit("cat.jpg", "image/jpeg", photo(t, "cat.jpg")))
	s.copyIn("users/testuser002/input/bad.jpg", []byte("no image"), nil)
	s.mailTo(adminMail, "bad.jpg")
	s.eventually("no marker left", func() bool { return s.markers() == 0 }) // no file is removed while they are read
	c.call(http.MethodGet, "/api/jobs", nil)
	text := s.output.String()
	err := filepath.WalkDir(data, func(path string, _ os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".jsonl") {
			var log []byte
			log, err = os.ReadFile(path)
			text += string(log)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, `"jobId"`) {
		t.Error("no structured log of a job was found")
	}
	for _, secret := range []string{"X-Amz-Signature", "X-Amz-Credential", "@example.com", adminMail, c.token, "gen3dlocalsecret"} {
		if i := strings.Index(text, secret); i >= 0 && (secret != "gen3dlocalsecret" || strings.Count(text, secret) != strings.Count(s.output.String(), secret)) {
			t.Errorf("the logs hold %q: …%.200s", secret, text[max(0, i-100):])
		}
	}
}

func TestFiveObjectsOfATwelveMegapixelPhoto(t *testing.T) {
	s := start(t, t.TempDir())
	c := s.as("testuser001")
	big := enlarge(t, photo(t, "coffee.jpg"), 4000, 3000)
	id := c.submit("big.jpg", "image/jpeg", big,
		[]int{1200, 450, 3200, 2550}, []int{100, 200, 1500, 2000}, []int{1400, 700, 2900, 2100}, []int{2500, 1500, 3900, 2900}, []int{300, 100, 3700, 2900})
	view := s.finish(c, id)
	for _, o := range view.Objects {
		if o.State != "succeeded" {
			t.Errorf("object %d: %s %+v", o.Index, o.State, o.Error)
		}
	}
}
