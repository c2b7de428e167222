package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"testing"
)

// caller calls the API as one user, as curl would.
type caller struct {
	t     *testing.T
	url   string
	token string
}

func (s *service) as(user string) *caller {
	return &caller{t: s.t, url: s.url, token: s.token(user)}
}

// problem is an RFC 9457 problem document.
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
	Errors []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"errors"`
}

type created struct {
	JobID  string `json:"jobId"`
	Upload form   `json:"upload"`
	Masks  []struct {
		Object int  `json:"object"`
		Upload form `json:"upload"`
	} `json:"masks"`
}

type form struct {
	URL    string            `json:"url"`
	Fields map[string]string `json:"fields"`
}

type jobView struct {
	JobID string   `json:"jobId"`
	State string   `json:"state"`
	Error *failure `json:"error"`
	// Waiting is set for a queued job that something delays.
	Waiting *waitView `json:"waiting"`
	Source  struct {
		URL string `json:"url"`
	} `json:"source"`
	Objects []struct {
		Index     int      `json:"index"`
		Label     string   `json:"label"`
		Points    [][]int  `json:"points"`
		MaskGiven bool     `json:"maskGiven"`
		State     string   `json:"state"`
		Error     *failure `json:"error"`
		Files     []struct {
			Format string `json:"format"`
			Name   string `json:"name"`
			Bytes  int64  `json:"bytes"`
			URL    string `json:"url"`
		} `json:"files"`
		Preview string `json:"preview"`
		Backend string `json:"backend"`
	} `json:"objects"`
}

type waitView struct {
	Reason           string `json:"reason"`
	ObjectsAhead     int    `json:"objectsAhead"`
	EstimatedSeconds *int   `json:"estimatedSeconds"`
}

type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (v jobView) finished() bool {
	return v.State == "succeeded" || v.State == "partial" || v.State == "failed"
}

// call returns the status and the body.
func (c *caller) call(method, path string, body any) (int, []byte) {
	c.t.Helper()
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, reader)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return response.StatusCode, answer
}

// refused returns the problem document of a request that must fail.
func (c *caller) refused(method, path string, body any) problem {
	c.t.Helper()
	status, answer := c.call(method, path, body)
	var p problem
	if err := json.Unmarshal(answer, &p); err != nil || status < 400 || p.Status != status {
		c.t.Fatalf("%s %s: %d %s is no problem document", method, path, status, answer)
	}
	return p
}

// create creates a job by the body of its request.
func (c *caller) create(body map[string]any) created {
	c.t.Helper()
	status, answer := c.call(http.MethodPost, "/api/jobs", body)
	var made created
	if err := json.Unmarshal(answer, &made); err != nil || status != http.StatusCreated {
		c.t.Fatalf("POST /api/jobs: %d %s", status, answer)
	}
	return made
}

// newJob creates a job; boxes can include nil for the whole image.
func (c *caller) newJob(name, contentType string, size int, boxes ...[]int) created {
	c.t.Helper()
	objects := []map[string]any{}
	for i, box := range boxes {
		objects = append(objects, map[string]any{"label": fmt.Sprintf("thing %d", i+1), "box": box})
	}
	return c.create(map[string]any{"name": name, "contentType": contentType, "bytes": size, "objects": objects})
}

// upload posts the photo and returns S3's response.
func (c *caller) upload(made created, body []byte) (int, string) {
	c.t.Helper()
	return c.post(made.Upload, body)
}

// post posts a file as a browser's form does and returns S3's response.
func (c *caller) post(f form, body []byte) (int, string) {
	c.t.Helper()
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	for name, value := range f.Fields {
		if err := writer.WriteField(name, value); err != nil {
			c.t.Fatal(err)
		}
	}
	file, err := writer.CreateFormFile("file", "photo")
	if err == nil {
		_, err = file.Write(body)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, f.URL, &form)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", writer.FormDataContentType())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

// submit creates a job and uploads its photo.
func (c *caller) submit(name, contentType string, body []byte, boxes ...[]int) string {
	c.t.Helper()
	made := c.newJob(name, contentType, len(body), boxes...)
	if status, answer := c.upload(made, body); status != http.StatusNoContent {
		c.t.Fatalf("uploading %s: %d %s", name, status, answer)
	}
	return made.JobID
}

func (c *caller) job(id string) jobView {
	c.t.Helper()
	status, answer := c.call(http.MethodGet, "/api/jobs/"+id, nil)
	var view jobView
	if err := json.Unmarshal(answer, &view); err != nil || status != http.StatusOK {
		c.t.Fatalf("GET /api/jobs/%s: %d %s", id, status, answer)
	}
	return view
}

// jobs returns the IDs of the user's newest jobs.
func (c *caller) jobs() (ids []string) {
	c.t.Helper()
	status, answer := c.call(http.MethodGet, "/api/jobs", nil)
	var page struct {
		Jobs []struct {
			JobID string `json:"jobId"`
		} `json:"jobs"`
	}
	if err := json.Unmarshal(answer, &page); err != nil || status != http.StatusOK {
		c.t.Fatalf("GET /api/jobs: %d %s", status, answer)
	}
	for _, job := range page.Jobs {
		ids = append(ids, job.JobID)
	}
	return ids
}

// finish waits until the job has ended.
func (s *service) finish(c *caller, id string) jobView {
	s.t.Helper()
	var view jobView
	s.eventually("the end of job "+id, func() bool {
		view = c.job(id)
		return view.finished()
	})
	return view
}

func download(ctx context.Context, t *testing.T, url string) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, data
}
