package functions_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// call sends one request to the API and decodes the response.
func (f *function) call(method, path, body string, status int, into any) {
	f.w.Helper()
	event := recorded(f.w.T, "http-api-request.json", "method", method, "path", path, "user", f.w.user, "token", token, "body", body)
	var answer struct {
		StatusCode int               `json:"statusCode"`
		Headers    map[string]string `json:"headers"`
		Body       string            `json:"body"`
	}
	if err := json.Unmarshal(f.answer(event), &answer); err != nil {
		f.w.Fatal(err)
	}
	if answer.StatusCode != status {
		f.w.Fatalf("%s %s: %d %s; want %d", method, path, answer.StatusCode, answer.Body, status)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(answer.Body), into); err != nil {
			f.w.Fatalf("%s %s: %v in %s", method, path, err, answer.Body)
		}
	}
}

func TestAnnouncedUploadBecomesAJob(t *testing.T) {
	w := newWorld(t)
	photo := picture(t, "coffee.jpg")
	body, err := json.Marshal(map[string]any{
		"name": "My cup + spoon é.jpg", "contentType": "image/jpeg", "bytes": len(photo), "width": 600, "height": 400,
		"objects": []any{map[string]any{"label": "cup", "box": []int{0, 0, 300, 200}}, map[string]any{"box": []int{300, 0, 600, 200}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	api := w.start("api")
	var created struct {
		JobID  job.ID
		State  job.State
		Upload struct {
			URL    string
			Fields map[string]string
		}
	}
	api.call(http.MethodPost, "/api/jobs", string(body), http.StatusCreated, &created)
	if created.State != job.StateUploading {
		t.Errorf("the job is %s; want uploading", created.State)
	}
	if status, answer := post(t, created.Upload.URL, created.Upload.Fields, photo); status != http.StatusNoContent {
		t.Fatalf("S3 answered the upload with %d %s", status, answer)
	}
	if status, _ := post(t, created.Upload.URL, created.Upload.Fields, append(photo, 0)); status != http.StatusBadRequest {
		t.Errorf("S3 took another number of bytes with %d", status)
	}

	ref := job.Ref{User: w.user, Job: created.JobID}
	sent := s3test.Events(t, "extract", ref.InputPrefix())
	if len(sent) != 1 {
		t.Fatalf("the bucket sent %d events of the upload; want one", len(sent))
	}
	w.start("extract").handle(sent[0])
	if got := w.asked(); !slices.Equal(got, inferenceIDs(ref, 2)) {
		t.Errorf("the endpoint was asked for %v", got)
	}

	var shown struct {
		State   job.State
		Source  struct{ Name, URL string }
		Objects []struct{ Label string }
	}
	api.call(http.MethodGet, "/api/jobs/"+string(ref.Job), "", http.StatusOK, &shown)
	if shown.State != job.StateQueued || !strings.HasPrefix(shown.Source.Name, "My cup") || len(shown.Objects) != 2 || shown.Objects[0].Label != "cup" {
		t.Errorf("the job is shown as %+v", shown)
	}
	if got := download(t, shown.Source.URL); !bytes.Equal(got, photo) {
		t.Errorf("the link to the photo gives %d bytes that are not the photo", len(got))
	}

	// The form again, with another photo of the same size.
	other := bytes.Clone(photo)
	other[len(other)/2] ^= 1
	if status, answer := post(t, created.Upload.URL, created.Upload.Fields, other); status != http.StatusNoContent {
		t.Fatalf("S3 answered the second upload with %d %s", status, answer)
	}
	w.start("extract").handle(s3test.Events(t, "extract", ref.InputPrefix())[1])
	api.call(http.MethodGet, "/api/jobs/"+string(ref.Job), "", http.StatusOK, &shown)
	if got := download(t, shown.Source.URL); !bytes.Equal(got, photo) {
		t.Error("the job shows another photo than its own")
	}
	if got := w.asked(); !slices.Equal(got, inferenceIDs(ref, 2)) {
		t.Errorf("the endpoint was asked for %v", got)
	}

	api.call(http.MethodDelete, "/api/jobs/"+string(ref.Job), "", http.StatusNoContent, nil)
	api.call(http.MethodGet, "/api/jobs/"+string(ref.Job), "", http.StatusNotFound, nil)
}

func TestADeletedJobTakesItsOwnVersionOfAPhotoThatWasCopiedIn(t *testing.T) {
	w := newWorld(t)
	key := "users/" + w.user + "/input/cup.jpg"
	w.copyIn(key, picture(t, "coffee.jpg"), nil)
	w.start("extract").handle(s3test.Events(t, "extract", key)[0])
	first := w.job()
	w.copyIn(key, picture(t, "cat.jpg"), nil)
	w.start("api").call(http.MethodDelete, "/api/jobs/"+string(first.Job), "", http.StatusNoContent, nil)
	if got, _ := s3test.Get(t, key); !bytes.Equal(got, picture(t, "cat.jpg")) {
		t.Errorf("left are %d bytes that are not the other job's photo", len(got))
	}
}

// post uploads a photo as the page's form does: the fields first, the file
// last.
func post(t *testing.T, url string, fields map[string]string, photo []byte) (status int, answer string) {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.CreateFormFile("file", "photo.jpg")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write(photo); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(url, w.FormDataContentType(), &form)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func download(t *testing.T, url string) []byte {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("downloading: %s %v", response.Status, err)
	}
	return data
}

func TestFaultOfS3IsAProblemAndNotARetry(t *testing.T) {
	w := newWorld(t)
	api := w.start("api")
	w.s3.answer(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusForbidden) })
	var problem struct{ Status int }
	api.call(http.MethodGet, "/api/jobs", "", http.StatusInternalServerError, &problem)
	if problem.Status != http.StatusInternalServerError {
		t.Errorf("the problem says status %d", problem.Status)
	}
}
