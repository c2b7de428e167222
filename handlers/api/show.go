package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// jobDetail is the full description of a job.
type jobDetail struct {
	JobID     job.ID       `json:"jobId"`
	CreatedAt time.Time    `json:"createdAt"`
	State     job.State    `json:"state"`
	Error     *job.Failure `json:"error,omitempty"`
	// ExpiresAt is when a job in state uploading fails if its photo has not
	// been uploaded.
	ExpiresAt  *time.Time     `json:"expiresAt,omitempty"`
	NotifiedAt *time.Time     `json:"notifiedAt,omitempty"`
	Waiting    *waiting       `json:"waiting,omitempty"` // only in state queued
	Source     *sourceDetail  `json:"source,omitempty"`
	Options    job.Options    `json:"options"`
	Objects    []objectDetail `json:"objects"`
	Scene      *sceneDetail   `json:"scene,omitempty"`
}

// sourceDetail is the photo. URL is empty until the photo is uploaded, and of one
// that must not be displayed; Width and Height are 0 until it is inspected.
type sourceDetail struct {
	Name        string `json:"name"`
	Width       int    `json:"width"`
	Height      int    `json:"height"`
	Bytes       int64  `json:"bytes"`
	ContentType string `json:"contentType"`
	URL         string `json:"url,omitempty"`
	// Thumbnail is a small JPEG of the photo; a job may have none.
	Thumbnail string `json:"thumbnail,omitempty"`
}

type objectDetail struct {
	Index     int      `json:"index"`
	Label     string   `json:"label"`
	Box       *job.Box `json:"box"`
	Points    []point  `json:"points"`
	MaskGiven bool     `json:"maskGiven"`
	// GivenMask is the URL of the mask that the user gave, once the job has a
	// manifest.
	GivenMask  string           `json:"givenMaskUrl,omitempty"`
	State      job.ObjectState  `json:"state"`
	Stage      job.Stage        `json:"stage,omitempty"`
	StartedAt  *time.Time       `json:"startedAt,omitempty"`
	FinishedAt *time.Time       `json:"finishedAt,omitempty"`
	Error      *job.Failure     `json:"error,omitempty"`
	Files      []fileDetail     `json:"files"`
	Preview    string           `json:"preview,omitempty"`
	Mask       *maskDetail      `json:"mask,omitempty"`
	Mesh       *job.MeshStats   `json:"mesh,omitempty"`
	Backend    job.Backend      `json:"backend,omitempty"`
	Timing     map[string]int64 `json:"timing,omitempty"`
	Cost       *job.Cost        `json:"cost,omitempty"`
}

// point is x, y, and 1 for a point inside the object or 0 for one outside it.
type point [3]int

func pointsOf(points []job.Point) []point {
	all := make([]point, len(points))
	for i, p := range points {
		all[i] = point{p.X, p.Y, 0}
		if p.Inside {
			all[i][2] = 1
		}
	}
	return all
}

// maskDetail is the mask that the model used. Check reports whether the user
// should look at it ([job.Object.CheckMask]).
type maskDetail struct {
	job.MaskUse
	Check bool   `json:"check"`
	URL   string `json:"url,omitempty"`
}

// viewable are the formats that a page displays: meshes, and splats in either
// form, of which an object can lack the compressed one.
var viewable = []job.Format{job.FormatGLB, job.FormatSplat, job.FormatSPZ}

// fileDetail is a file of an object or of the scene. A page downloads it from URL, and displays
// it from ViewURL, which only a format that the page displays has. They differ,
// because S3 sends the CORS headers and Vary only to a request with an Origin: a
// browser's cache would answer the viewer with the download's response, which
// has no Access-Control-Allow-Origin. A script of the page that converts files, or
// zips them, gets them from URL, past the cache.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
type fileDetail struct {
	Format  job.Format `json:"format"`
	Name    string     `json:"name"`
	Bytes   int64      `json:"bytes"`
	URL     string     `json:"url"`
	ViewURL string     `json:"viewUrl,omitempty"`
}

func (h *Handler) show(ctx context.Context, req *request) (*response, error) {
	snapshot, err := h.bucket.Snapshot(ctx, req.job)
	if err != nil {
		return nil, err
	}
	var detail *jobDetail
	switch {
	case snapshot.Manifest:
		detail, err = h.detail(ctx, snapshot)
	case snapshot.Upload:
		detail, err = h.uploading(ctx, req.job)
	default:
		return nil, noSuchJob()
	}
	switch {
	case errors.Is(err, bucket.ErrNotFound): // deleted between two reads
		return nil, noSuchJob()
	case errors.Is(err, bucket.ErrUnreadable):
		detail = &jobDetail{
			JobID: req.job.Job, CreatedAt: req.job.Job.Created(), State: job.StateFailed, Error: h.unreadable(ctx, req.job.Job, err),
			Options: job.DefaultOptions(), Objects: []objectDetail{},
		}
	case err != nil:
		return nil, err
	}
	return &response{status: http.StatusOK, document: detail}, nil
}

// unreadable logs why a job's documents cannot be read, and returns the failure
// with which the job is shown.
func (h *Handler) unreadable(ctx context.Context, id job.ID, err error) *job.Failure {
	h.log.ErrorContext(ctx, "job cannot be read", "jobId", id, "error", err.Error())
	return job.Unreadable()
}

// uploading describes a job whose photo has not been uploaded.
func (h *Handler) uploading(ctx context.Context, ref job.Ref) (*jobDetail, error) {
	u, err := h.bucket.Upload(ctx, ref)
	if err != nil {
		return nil, err
	}
	state, failure := u.State(h.now())
	detail := &jobDetail{
		JobID: ref.Job, CreatedAt: ref.Job.Created(), State: state, Error: failure, Options: u.Options,
		Source: &sourceDetail{Name: u.Name, Bytes: u.Bytes, ContentType: u.ContentType},
	}
	if state == job.StateUploading {
		ends := u.EndsAt()
		detail.ExpiresAt = &ends
	}
	for i, s := range u.Objects {
		object := objectDetail{
			Index: i + 1, Label: s.Label, Box: s.Box, Points: pointsOf(s.Points), MaskGiven: s.Mask, State: job.ObjectQueued, Files: []fileDetail{},
		}
		if failure != nil {
			object.State, object.Error = job.ObjectFailed, failure
		}
		detail.Objects = append(detail.Objects, object)
	}
	return detail, nil
}

func (h *Handler) detail(ctx context.Context, snapshot *job.Snapshot) (*jobDetail, error) {
	docs, err := h.bucket.Content(ctx, snapshot)
	if err != nil {
		return nil, err
	}
	links, err := h.links(ctx)
	if err != nil {
		return nil, err
	}
	m := docs.Manifest
	sum := snapshot.Summarize(m, docs.Results)
	detail := &jobDetail{
		JobID: m.JobID, CreatedAt: m.JobID.Created(), State: sum.State, Error: sum.Error, Options: m.Options,
		Source: &sourceDetail{
			Name: m.Source.Name, Width: m.Source.Width, Height: m.Source.Height, Bytes: m.Source.Bytes, ContentType: m.Source.ContentType,
		},
	}
	if docs.Notice != nil && docs.Notice.Sent() {
		detail.NotifiedAt = &docs.Notice.SentAt
	}
	if detail.Source.URL, err = links.photo(ctx, m); err != nil {
		return nil, err
	}
	if snapshot.Thumbnail {
		if detail.Source.Thumbnail, err = links.thumbnail(ctx, snapshot.Ref); err != nil {
			return nil, err
		}
	}
	if sum.State == job.StateQueued {
		detail.Waiting = h.waiting(ctx, snapshot)
	}
	for _, o := range m.Objects {
		object, err := objectOf(ctx, snapshot, docs, o, links)
		if err != nil {
			return nil, err
		}
		detail.Objects = append(detail.Objects, object)
	}
	if detail.Scene, err = sceneOf(ctx, sum, docs, links); err != nil {
		return nil, err
	}
	return detail, nil
}

func objectOf(ctx context.Context, snapshot *job.Snapshot, docs *bucket.Content, o job.Object, links *links) (object objectDetail, err error) {
	result := docs.Results[o.Index]
	object = objectDetail{
		Index: o.Index, Label: o.Label, Box: o.Box, Points: pointsOf(o.Points), MaskGiven: o.Mask != nil,
		State: snapshot.ObjectState(o.Index, result), Files: []fileDetail{},
	}
	if o.Mask != nil {
		if object.GivenMask, err = links.inline(ctx, o.Mask.Key, o.Mask.VersionID, job.MaskContentType); err != nil {
			return objectDetail{}, err
		}
	}
	if p := docs.Progress[o.Index]; p != nil {
		object.StartedAt, object.Backend = &p.StartedAt, p.Backend
		if result == nil {
			object.Stage = p.Stage
		}
	}
	if result == nil {
		return object, nil
	}
	object.FinishedAt, object.Error, object.Mesh = &result.FinishedAt, result.Error, result.Mesh
	object.Backend, object.Timing, object.Cost = result.Backend, result.Timing, result.Cost
	if result.Mask != nil {
		object.Mask = &maskDetail{MaskUse: *result.Mask, Check: o.CheckMask(*result.Mask)}
	}
	for _, f := range result.Files {
		// A result must refer only to files of this object. Signing
		// any other key would disclose another object.
		info, ok := f.Format.Info()
		if !ok || f.Key != snapshot.Ref.FileKey(o.Index, f.Format) {
			continue
		}
		if err := object.add(ctx, f, info, docs.Manifest, links); err != nil {
			return objectDetail{}, err
		}
	}
	return object, nil
}

func (o *objectDetail) add(ctx context.Context, f job.File, info job.FormatInfo, m *job.Manifest, links *links) (err error) {
	switch f.Format {
	case job.FormatPreview:
		o.Preview, err = links.preview(ctx, m.Ref(), o.Index)
		return err
	case job.FormatMask:
		if o.Mask != nil {
			o.Mask.URL, err = links.inline(ctx, f.Key, "", info.MediaType)
		}
		return err
	}
	file, err := links.file(ctx, f.Key, f.Format, fileName(m.Source.Name, o.Index, o.Label)+info.DownloadSuffix, f.Bytes)
	if err != nil {
		return err
	}
	o.Files = append(o.Files, file)
	return nil
}

// file describes a file that a browser saves under a name.
func (l *links) file(ctx context.Context, key string, format job.Format, name string, bytes int64) (file fileDetail, err error) {
	info, _ := format.Info()
	file = fileDetail{Format: format, Name: name, Bytes: bytes}
	if file.URL, err = l.attachment(ctx, key, info.MediaType, name); err != nil {
		return file, err
	}
	if slices.Contains(viewable, format) {
		file.ViewURL, err = l.inline(ctx, key, "", info.MediaType)
	}
	return file, err
}
