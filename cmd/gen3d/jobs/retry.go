package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"gen3d/cmd/gen3d/console"
	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

type retryCommand struct {
	one
	All   bool `help:"Make all objects of a finished job again, not only the failed ones."`
	Force bool `help:"Try also where the reason is in the photo."`
	JSON  bool `name:"json" help:"Print {jobId, continues, objects}."`
}

// retried is the job that works again: the same one, or a new one.
type retried struct {
	Job       job.ID `json:"jobId"`
	Continues bool   `json:"continues"` // the same job
	Objects   int    `json:"objects"`
	text      string
}

// Run starts the job again. Results are written once, so a finished job cannot
// be made again in place.
func (c *retryCommand) Run(ctx context.Context, s console.Streams) error {
	t, snapshot, err := c.open(ctx)
	if err != nil {
		return err
	}
	r, err := read(ctx, t.Data, snapshot, time.Now())
	if err != nil {
		return err
	}
	var made *retried
	if r.State.Finished() {
		made, err = c.again(ctx, t.Data, snapshot, r)
	} else {
		made, err = continued(ctx, t.Data, snapshot, r, t.Option())
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return s.JSON(made)
	}
	_, err = fmt.Fprintf(s.Out, "%s\nTo follow it: gen3d jobs watch %s %s --user %s\n", made.text, made.Job, t.Option(), r.User)
	return err
}

// continued makes S3 send the photo's event of an unfinished job again, as Sweep
// does.
func continued(ctx context.Context, b *bucket.Bucket, s *job.Snapshot, r *report, option string) (*retried, error) {
	if s.Manifest && requested(r) {
		return nil, fmt.Errorf("every object of job %s is requested already: it waits for %s, and ends at the latest when its requests expire; gen3d doctor %s says whether the model is well", r.Job, r.Waits, option)
	}
	_, err := b.CopyOntoItself(ctx, r.Photo.Key, time.Now().Add(time.Hour), map[string]string{job.MetaJob: string(r.Job)})
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, fmt.Errorf("job %s has no photo: nobody can start it; delete it, or wait until it fails", r.Job)
	}
	if err != nil {
		return nil, err
	}
	return &retried{Job: r.Job, Continues: true, Objects: len(r.Objects), text: fmt.Sprintf(
		"The photo's event is sent to Extract again: job %s continues. Objects that are queued, started or made are not requested again.", s.Ref.Job)}, nil
}

// requested reports whether every object is queued, started or made.
func requested(r *report) bool {
	for _, o := range r.Objects {
		if o.State == job.ObjectQueued && !o.Queued {
			return false
		}
	}
	return true
}

// again creates a new job of a finished job's photo and objects, in the order
// of the API: marker, upload document, photo.
func (c *retryCommand) again(ctx context.Context, b *bucket.Bucket, s *job.Snapshot, r *report) (*retried, error) {
	if !s.Manifest {
		return nil, fmt.Errorf("job %s never got its photo; the user must submit it again", r.Job)
	}
	manifest, err := b.Manifest(ctx, s.Ref)
	if err != nil {
		return nil, err
	}
	selections, masks, err := c.chosen(r, manifest)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	id, err := job.NewID(now, rand.Reader)
	if err != nil {
		return nil, err
	}
	source, ref := manifest.Source, job.Ref{User: r.User, Job: id}
	base, ext := path.Base(source.Key), path.Ext(source.Key)
	upload := &job.Upload{
		Version: job.Version, JobID: id, UserID: r.User, CreatedAt: id.Created(), ExpiresAt: now.Add(time.Hour).UTC(),
		Key:  ref.PhotoKey(strings.TrimSuffix(base, ext), ext),
		Name: source.Name, ContentType: source.ContentType, Bytes: source.Bytes, Objects: selections, Options: manifest.Options,
		From: &job.Origin{JobID: r.Job, Key: source.Key, VersionID: source.VersionID},
	}
	if err := b.MarkPending(ctx, ref); err != nil {
		return nil, err
	}
	if err := b.CreateFrom(ctx, upload, masks, true); err != nil {
		if errors.Is(err, bucket.ErrNotFound) {
			return nil, fmt.Errorf("the photo of job %s, or a mask of it, was deleted; the user must submit it again", r.Job)
		}
		return nil, err
	}
	return &retried{Job: id, Objects: len(selections), text: fmt.Sprintf(
		"Job %s is created of the photo of job %s, with %s; the user gets a mail when it is done. The old job stays as it is.",
		id, r.Job, console.Count(len(selections), "object"))}, nil
}

// chosen returns the objects of a finished job to make again, and their masks by
// their numbers in the new job.
func (c *retryCommand) chosen(r *report, m *job.Manifest) ([]job.Selection, map[int]job.MaskFile, error) {
	var selections []job.Selection
	masks := map[int]job.MaskFile{}
	for i, o := range r.Objects {
		failure := (*job.Failure)(nil)
		if o.Result != nil {
			failure = o.Result.Error
		}
		if failure == nil && !c.All {
			continue
		}
		if failure != nil && !failure.Code.InService() && !c.Force {
			return nil, nil, fmt.Errorf("object %d failed because of the photo (%s), and would fail again; --force tries nevertheless", o.Index, failureText(failure))
		}
		mask := m.Objects[i].Mask
		selections = append(selections, job.Selection{Label: o.Label, Box: o.Box, Points: o.Points, Mask: mask != nil})
		if mask != nil {
			masks[len(selections)] = *mask
		}
	}
	if len(selections) == 0 {
		return nil, nil, fmt.Errorf("no object of job %s failed; --all makes all of them again, in a new job", r.Job)
	}
	return selections, masks, nil
}
