package smoke

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/cmd/gen3d/console"
	"gen3d/internal/job"
	"gen3d/testdata/photos"
)

// finish waits until a job has ended.
func (r *run) finish(ctx context.Context, id string) (view, error) {
	began := r.now()
	for {
		v, err := r.show(ctx, id)
		if err != nil {
			return view{}, err
		}
		if v.ended() {
			return v, nil
		}
		if waited := r.now().Sub(began); waited >= r.options.Timeout {
			return view{}, &mismatch{fmt.Sprintf("job %s to end within %s", id, r.options.Timeout), v.String(), r.place.look("model")}
		}
		if !r.wait(ctx) {
			return view{}, fmt.Errorf("waiting for job %s: %w", id, ctx.Err())
		}
	}
}

// photoLink waits until the photo of the first job has been inspected, and
// returns its presigned link.
func (r *run) photoLink(ctx context.Context) (string, error) {
	began := r.now()
	for {
		v, err := r.show(ctx, r.first.JobID)
		if err != nil || v.Source.URL != "" {
			return v.Source.URL, err
		}
		if waited := r.now().Sub(began); waited >= min(r.options.Timeout, eventTime) {
			return "", &mismatch{"a link to the photo of job " + v.JobID, v.String() + " after " + waited.Round(time.Second).String(), r.place.look("extract")}
		}
		if !r.wait(ctx) {
			return "", fmt.Errorf("waiting for the photo of job %s: %w", v.JobID, ctx.Err())
		}
	}
}

// succeed waits until a job has ended and expects that all of its objects
// succeeded.
func (r *run) succeed(ctx context.Context, id string, objects int) (view, error) {
	v, err := r.finish(ctx, id)
	if err != nil {
		return view{}, err
	}
	good := v.State == "succeeded" && len(v.Objects) == objects
	for _, o := range v.Objects {
		good = good && o.State == "succeeded" && len(o.Files) > 0
	}
	if !good {
		return view{}, &mismatch{fmt.Sprintf("%s of job %s to succeed with files", console.Count(objects, "object"), id), v.String(), r.place.look("model")}
	}
	for _, m := range r.jobs {
		m.done = m.done || m.id == id
	}
	return v, nil
}

func waitForMesh(ctx context.Context, r *run) (string, error) {
	if reason := r.place.model(); reason != "" {
		return "", &notApplicable{reason}
	}
	v, err := r.succeed(ctx, r.first.JobID, 1)
	if err != nil {
		return "", err
	}
	return console.Count(len(v.Objects[0].Files), "file") + ", backend " + v.Objects[0].Backend, nil
}

func severalObjects(ctx context.Context, r *run) (string, error) {
	submitted, err := r.create(ctx, r.coffee("-objects.jpg"), saucer, cup)
	if err != nil {
		return "", err
	}
	if err := r.deliver(ctx, submitted, photos.Coffee); err != nil {
		return "", err
	}
	if _, err := r.succeed(ctx, submitted.JobID, 2); err != nil {
		return "", err
	}
	made, err := r.scene(ctx, submitted.JobID, 2)
	if err != nil {
		return "", err
	}
	return "2 objects by boxes, and a scene of " + console.Count(len(made.Objects), "object"), nil
}

// scene waits until the scene of a job that has succeeded is made, and expects
// that it succeeded with every object, in its place or left out for want of
// one, and that it has a GLB.
func (r *run) scene(ctx context.Context, id string, objects int) (*scene, error) {
	began := r.now()
	for {
		v, err := r.show(ctx, id)
		if err != nil {
			return nil, err
		}
		made := v.Scene
		isGLB := func(f fileLink) bool { return f.Format == string(job.FormatGLB) }
		switch {
		case made == nil || made.State == "making":
		case made.State == "succeeded" && len(made.Objects)+len(made.Unplaced) == objects && slices.ContainsFunc(made.Files, isGLB):
			return made, nil
		default:
			return nil, &mismatch{fmt.Sprintf("a scene of %s of job %s, with a GLB", console.Count(objects, "object"), id), v.String(), r.place.look("notify")}
		}
		if waited := r.now().Sub(began); waited >= min(r.options.Timeout, eventTime) {
			return nil, &mismatch{"the scene of job " + id, v.String() + " after " + waited.Round(time.Second).String(), r.place.look("notify")}
		}
		if !r.wait(ctx) {
			return nil, fmt.Errorf("waiting for the scene of job %s: %w", id, ctx.Err())
		}
	}
}

// copyPhoto copies a photo into user A's folder as aws s3 cp does, and waits for
// its job.
func copyPhoto(ctx context.Context, r *run) (string, error) {
	name := r.label + "-copied.webp"
	key := job.UsersPrefix + r.a.id + "/input/" + name
	r.copied = append(r.copied, key)
	_, err := r.target.S3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &r.target.DataBucket, Key: &key, Body: bytes.NewReader(photos.Cat), ContentType: aws.String("image/webp"),
	})
	if err != nil {
		return "", &mismatch{"S3 to accept a photo in user A's folder", err.Error(), "the credentials need s3:PutObject on the data bucket"}
	}
	began := r.now()
	for {
		lines, err := r.list(ctx, r.a, func(l line) bool { return l.Name == name })
		if err != nil {
			return "", err
		}
		if len(lines) > 0 {
			r.jobs = append(r.jobs, &made{id: lines[0].JobID, name: name})
			if _, err := r.succeed(ctx, lines[0].JobID, 1); err != nil {
				return "", err
			}
			return "job " + lines[0].JobID, nil
		}
		if waited := r.now().Sub(began); waited >= min(r.options.Timeout, eventTime) {
			return "", &mismatch{"a job of the copied photo in user A's list", "none after " + waited.Round(time.Second).String(), r.place.look("extract")}
		}
		if !r.wait(ctx) {
			return "", fmt.Errorf("waiting for the job of the copied photo: %w", ctx.Err())
		}
	}
}

// eventTime is how long the bucket's event may take to run Extract or Notify.
const eventTime = 5 * time.Minute
