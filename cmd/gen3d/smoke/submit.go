package smoke

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"

	"gen3d/testdata/photos"
)

// part is an object that a submission marks.
type part struct {
	Label string `json:"label,omitempty"`
	Box   []int  `json:"box"`
}

// photo is a file to submit.
type photo struct {
	name, contentType string
	data              []byte
	width, height     int
}

func (r *run) coffee(suffix string) photo {
	return photo{name: r.label + suffix, contentType: "image/jpeg", data: photos.Coffee, width: 600, height: 400}
}

// saucer and cup are objects of the photo of an espresso.
var (
	saucer = part{"saucer", []int{75, 15, 482, 390}}
	cup    = part{"cup", []int{250, 60, 420, 330}}
)

// submission is the body of POST /api/jobs.
func (p photo) submission(parts ...part) map[string]any {
	body := map[string]any{"name": p.name, "contentType": p.contentType, "bytes": len(p.data), "objects": parts}
	if p.width > 0 {
		body["width"], body["height"] = p.width, p.height
	}
	return body
}

// create makes a job of user A.
func (r *run) create(ctx context.Context, p photo, parts ...part) (created, error) {
	got, err := r.call(ctx, r.a, http.MethodPost, "/jobs", p.submission(parts...))
	if err != nil {
		return created{}, err
	}
	var job created
	if got.status != http.StatusCreated || json.Unmarshal(got.body, &job) != nil || job.JobID == "" || job.Upload.URL == "" {
		return created{}, &mismatch{"201 with a form from POST /api/jobs", got.String(), r.place.look("api")}
	}
	r.jobs = append(r.jobs, &made{id: job.JobID, name: p.name})
	return job, nil
}

// post sends a photo with the job's form, as the page does, and returns S3's
// answer.
func (r *run) post(ctx context.Context, job created, data []byte) (answer, error) {
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	for name, value := range job.Upload.Fields {
		if err := writer.WriteField(name, value); err != nil {
			return answer{}, fmt.Errorf("writing the form: %w", err)
		}
	}
	content, err := writer.CreateFormFile("file", "photo")
	if err == nil {
		_, err = content.Write(data)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		return answer{}, fmt.Errorf("writing the form: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, job.Upload.URL, &form)
	if err != nil {
		return answer{}, fmt.Errorf("creating a request: %w", err)
	}
	request.Header.Set("Content-Type", writer.FormDataContentType())
	request.Header.Set("Origin", r.page)
	return r.send(request)
}

// deliver sends a photo and expects that S3 accepts it.
func (r *run) deliver(ctx context.Context, job created, data []byte) error {
	got, err := r.post(ctx, job, data)
	if err != nil {
		return err
	}
	if got.status != http.StatusNoContent {
		return &mismatch{"204 from S3 for the presigned form", got.String(),
			"look at the data bucket's policy, the API's role and the clocks; " + r.place.look("api")}
	}
	return nil
}

func submitJob(ctx context.Context, r *run) (string, error) {
	job, err := r.create(ctx, r.coffee("-cup.jpg"), saucer)
	if err != nil {
		return "", err
	}
	r.first = job
	return "job " + job.JobID, r.place.store(r)
}

func uploadPhoto(ctx context.Context, r *run) (string, error) {
	if err := r.deliver(ctx, r.first, photos.Coffee); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d bytes by presigned form", len(photos.Coffee)), nil
}
