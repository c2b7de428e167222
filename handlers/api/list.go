package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// Limits on the length of a page of the list.
const (
	defaultLimit = 20
	maxLimit     = 200
	// readers limits the concurrent reads of one request.
	readers = 16
)

type jobList struct {
	Jobs       []jobLine `json:"jobs"`
	NextCursor *job.ID   `json:"nextCursor"`
}

// jobLine is a job in the list. Labels are those of its objects. Preview is a
// picture of the first mesh, and Photo a small one of the photo, or the photo
// itself of a failed job that has no small one; both may be absent. A failed job
// has the reason, if it is the same for all objects.
type jobLine struct {
	JobID     job.ID       `json:"jobId"`
	CreatedAt time.Time    `json:"createdAt"`
	State     job.State    `json:"state"`
	Error     *job.Failure `json:"error,omitempty"`
	Name      string       `json:"name"`
	Labels    []string     `json:"labels,omitempty"`
	Objects   lineCounts   `json:"objects"`
	Preview   string       `json:"preview,omitempty"`
	Photo     string       `json:"photo,omitempty"`
}

type lineCounts struct {
	Total     int `json:"total"`
	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`
}

// list returns one page of the user's jobs, newest first. The cursor is the
// last job of the previous page. A job that is created between two requests
// sorts before the cursor and does not shift later pages.
func (h *Handler) list(ctx context.Context, req *request) (*response, error) {
	after, limit, err := page(req.event.QueryStringParameters)
	if err != nil {
		return nil, err
	}
	ids, more, err := h.bucket.Jobs(ctx, req.user, after, limit)
	if err != nil {
		return nil, err
	}
	links, err := h.links(ctx)
	if err != nil {
		return nil, err
	}
	lines := make([]*jobLine, len(ids))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, id := range ids {
		group.Go(func() (err error) {
			lines[i], err = h.line(groupCtx, job.Ref{User: req.user, Job: id}, links)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := jobList{Jobs: []jobLine{}}
	for _, line := range lines {
		if line != nil {
			out.Jobs = append(out.Jobs, *line)
		}
	}
	if more && len(ids) > 0 {
		out.NextCursor = &ids[len(ids)-1]
	}
	return &response{status: http.StatusOK, document: out}, nil
}

func page(query map[string]string) (after job.ID, limit int, err error) {
	var wrong []fieldError
	limit = defaultLimit
	if text, ok := query["limit"]; ok {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxLimit || strconv.Itoa(limit) != text {
			wrong = append(wrong, fieldError{"limit", fmt.Sprintf("The limit must be a whole number from 1 to %d.", maxLimit)})
		}
	}
	if text, ok := query["cursor"]; ok {
		if after, err = job.ParseID(text); err != nil {
			wrong = append(wrong, fieldError{"cursor", "The cursor is not one that this API gave out; begin without one."})
		}
	}
	if len(wrong) > 0 {
		return "", 0, invalid(wrong)
	}
	return after, limit, nil
}

// line summarizes one job. It returns nil if the folder holds no job, or no
// longer does.
func (h *Handler) line(ctx context.Context, ref job.Ref, links *links) (*jobLine, error) {
	sum, err := h.bucket.Summary(ctx, ref, h.now())
	if errors.Is(err, bucket.ErrUnreadable) {
		sum, err = &job.Summary{State: job.StateFailed, Error: h.unreadable(ctx, ref.Job, err)}, nil
	}
	if sum == nil || err != nil {
		return nil, err
	}
	line := &jobLine{
		JobID: ref.Job, CreatedAt: ref.Job.Created(), State: sum.State, Error: sum.Error, Name: sum.Name, Labels: sum.Labels,
		Objects: lineCounts{Total: sum.Total, Succeeded: sum.Succeeded, Failed: sum.Failed},
	}
	if sum.Preview > 0 {
		if line.Preview, err = links.preview(ctx, ref, sum.Preview); err != nil {
			return nil, err
		}
	}
	switch {
	case sum.Thumbnail:
		line.Photo, err = links.thumbnail(ctx, ref)
	case sum.State == job.StateFailed:
		line.Photo, err = h.failedPhoto(ctx, ref, sum.Error, links)
	}
	if err != nil {
		return nil, err
	}
	return line, nil
}

// failedPhoto returns the URL of the photo of a failed job that has no thumbnail,
// because no object of it began. It is "" if the photo is missing or cannot be
// displayed. It reads the manifest, unless the failure says so.
func (h *Handler) failedPhoto(ctx context.Context, ref job.Ref, failure *job.Failure, links *links) (string, error) {
	if failure != nil {
		switch failure.Code {
		case job.CodeUploadExpired, job.CodePhotoGone, job.CodeNotAnImage:
			return "", nil
		}
	}
	manifest, err := h.bucket.Manifest(ctx, ref)
	switch {
	case errors.Is(err, bucket.ErrNotFound), errors.Is(err, bucket.ErrUnreadable):
		return "", nil
	case err != nil:
		return "", err
	case !manifest.HasPicture():
		return "", nil
	}
	return links.photo(ctx, manifest)
}
