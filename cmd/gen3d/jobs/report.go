package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// report is everything about one job.
type report struct {
	Job     job.ID       `json:"jobId"`
	User    string       `json:"userId"`
	Created time.Time    `json:"createdAt"`
	State   job.State    `json:"state"`
	Error   *job.Failure `json:"error,omitempty"`
	// Waits says what an unfinished job waits for.
	Waits string `json:"waits,omitempty"`
	Photo *photo `json:"photo,omitempty"`
	// From is the job whose photo the job has, if the user has made it of one.
	From    job.ID      `json:"from,omitempty"`
	Options job.Options `json:"options"`
	// Pending reports whether the job's marker exists: it does until the
	// mails are settled.
	Pending bool        `json:"pending"`
	Mails   *job.Notice `json:"mails,omitempty"`
	Objects []object    `json:"objects"`
	// Scene is absent as long as there is none, and SceneDue then reports
	// whether Notify has yet to make it.
	Scene    *job.Scene `json:"scene,omitempty"`
	SceneDue bool       `json:"sceneDue,omitempty"`
}

type photo struct {
	Name        string `json:"name"`
	Key         string `json:"key"`
	VersionID   string `json:"versionId,omitempty"`
	ContentType string `json:"contentType"`
	Bytes       int64  `json:"bytes"`
	Width       int    `json:"width,omitempty"`
	Height      int    `json:"height,omitempty"`
}

type object struct {
	Index   int             `json:"index"`
	Label   string          `json:"label,omitempty"`
	Box     *job.Box        `json:"box,omitempty"`
	Points  []job.Point     `json:"points,omitempty"`
	Mask    bool            `json:"maskGiven,omitempty"`
	State   job.ObjectState `json:"state"`
	Stage   job.Stage       `json:"stage,omitempty"`
	StageAt time.Time       `json:"stageAt,omitzero"`
	Queued  bool            `json:"queued"` // at the endpoint
	Result  *job.Result     `json:"result,omitempty"`
	// CheckMask reports whether the mask that was used may be wrong.
	CheckMask bool `json:"checkMask,omitempty"`
}

// errGone is returned for a job that is deleted while it is read.
var errGone = errors.New("the job was deleted")

// read reads a job whose snapshot is given.
func read(ctx context.Context, b *bucket.Bucket, s *job.Snapshot, now time.Time) (*report, error) {
	r := &report{Job: s.Ref.Job, User: s.Ref.User, Created: s.Ref.Job.Created(), Objects: []object{}}
	_, err := b.MarkedPhoto(ctx, s.Ref)
	r.Pending = err == nil
	if err != nil && !errors.Is(err, bucket.ErrNotFound) {
		return nil, err
	}
	switch {
	case s.Manifest:
		err = r.made(ctx, b, s)
	case s.Upload:
		err = r.announced(ctx, b, s, now)
	default:
		return nil, errGone
	}
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, errGone
	}
	return r, err
}

// announced describes a job without a manifest.
func (r *report) announced(ctx context.Context, b *bucket.Bucket, s *job.Snapshot, now time.Time) error {
	u, err := b.Upload(ctx, s.Ref)
	if err != nil {
		return err
	}
	r.State, r.Error = u.State(now)
	r.Options = u.Options
	r.From = originOf(u)
	r.Photo = &photo{Name: u.Name, Key: u.Key, ContentType: u.ContentType, Bytes: u.Bytes}
	for i, selection := range u.Objects {
		o := object{Index: i + 1, Label: selection.Label, Box: selection.Box, Points: selection.Points, Mask: selection.Mask, State: job.ObjectQueued}
		if r.Error != nil {
			o.State = job.ObjectFailed
		}
		r.Objects = append(r.Objects, o)
	}
	if r.State == job.StateUploading {
		r.Waits = fmt.Sprintf("the photo, until %s", u.EndsAt().UTC().Format(time.RFC3339))
		if _, err := b.Photo(ctx, u.Key, ""); err == nil {
			r.Waits = "Extract, which has not handled the photo's event yet"
		}
	}
	return nil
}

// originOf returns the job whose photo was copied, or "" if the user sent one.
func originOf(u *job.Upload) job.ID {
	if u.From == nil {
		return ""
	}
	return u.From.JobID
}

// made describes a job with a manifest.
func (r *report) made(ctx context.Context, b *bucket.Bucket, s *job.Snapshot) error {
	content, err := b.Content(ctx, s)
	if err != nil {
		return err
	}
	m := content.Manifest
	sum := s.Summarize(m, content.Results)
	r.State, r.Error, r.Options, r.Mails = sum.State, sum.Error, m.Options, content.Notice
	r.Photo = &photo{
		Name: m.Source.Name, Key: m.Source.Key, VersionID: m.Source.VersionID, ContentType: m.Source.ContentType,
		Bytes: m.Source.Bytes, Width: m.Source.Width, Height: m.Source.Height,
	}
	r.Scene = content.Scene
	notified := r.Mails != nil && r.Mails.Sent()
	r.SceneDue = r.Scene == nil && r.State.Finished() && !notified && len(job.SceneFormats(m, content.Results)) > 0
	if s.Upload {
		u, err := b.Upload(ctx, s.Ref)
		if err != nil {
			return err
		}
		r.From = originOf(u)
	}
	for _, o := range m.Objects {
		result := content.Results[o.Index]
		described := object{
			Index: o.Index, Label: o.Label, Box: o.Box, Points: o.Points, Mask: o.Mask != nil,
			State: s.ObjectState(o.Index, result), Queued: s.Queued[o.Index], Result: result,
		}
		described.CheckMask = result != nil && result.Mask != nil && o.CheckMask(*result.Mask)
		if p := content.Progress[o.Index]; p != nil && result == nil {
			described.Stage, described.StageAt = p.Stage, p.StageAt
		}
		r.Objects = append(r.Objects, described)
	}
	if !r.State.Finished() {
		r.Waits = waits(s, m)
	}
	return nil
}

// waits says what an unfinished job with a manifest waits for.
func waits(s *job.Snapshot, m *job.Manifest) string {
	queued := slices.Collect(func(yield func(int) bool) {
		for _, o := range m.Objects {
			if s.Queued[o.Index] && !s.Progress[o.Index] && !s.Results[o.Index] && !yield(o.Index) {
				return
			}
		}
	})
	switch left := len(s.Unqueued(m)); {
	case left > 0:
		return fmt.Sprintf("a request for %d of %d objects: the user has no free place, or Extract failed; Sweep sends the photo again", left, len(m.Objects))
	case len(queued) > 0:
		return fmt.Sprintf("the endpoint, which has %d of %d objects in its queue, the last since %s", len(queued), len(m.Objects), s.QueuedAt.UTC().Format(time.RFC3339))
	}
	return "the model"
}
