package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
	"unicode"
	"unicode/utf8"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// submission is the body of POST /api/jobs.
type submission struct {
	// From is the job whose photo is used, nil for a photo that will be
	// uploaded. Then the fields up to Height are that photo's.
	From        *string
	Name        string
	ContentType string
	Bytes       int64
	Width       int // 0 if the caller does not know it
	Height      int // 0 if the caller does not know it
	Objects     []submittedObject
	Seed        int64
	Formats     []job.Format
	Quality     string
	Faces       int64 // 0 for the quality's default

	keepsObjects bool            // the body has no list of objects
	waits        bool            // a request starts the job, also without masks
	options      map[string]bool // the options that the body has
}

type submittedObject struct {
	Label  string
	Box    []int
	Points [][]int
	Mask   *submittedMask // nil for none
}

// readSubmission decodes the fields of a body. The error is a problem that
// names every field whose type differs from openapi.yaml.
func readSubmission(fields map[string]any) (*submission, error) {
	var wrong []fieldError
	body := object{fields: fields, wrong: &wrong}
	s := &submission{}
	if _, ok := fields["from"]; ok {
		body.rejectUnknown("from", "objects", "options")
		from := body.object("from")
		from.rejectUnknown("jobId", "start")
		id := from.text("jobId")
		s.waits = !from.boolean("start", true)
		s.From, s.keepsObjects = &id, fields["objects"] == nil
	} else {
		body.rejectUnknown("name", "contentType", "bytes", "width", "height", "objects", "options")
		s.Name, s.ContentType, s.Bytes = body.text("name"), body.text("contentType"), body.integer("bytes")
		s.Width, s.Height = int(body.integer("width")), int(body.integer("height"))
	}
	for _, o := range body.objects("objects") {
		o.rejectUnknown("label", "box", "points", "mask")
		s.Objects = append(s.Objects, submittedObject{
			Label: o.text("label"), Box: o.integers("box"), Points: o.integerLists("points"), Mask: readMask(o, s.From != nil),
		})
	}
	options := body.object("options")
	s.options = options.names()
	options.rejectUnknown("seed", "formats", "quality", "faces")
	s.Seed, s.Quality, s.Faces = options.integer("seed"), string(job.QualityStandard), options.integer("faces")
	if _, given := options.fields["quality"]; given {
		s.Quality = options.text("quality")
	}
	for _, format := range options.stringList("formats") {
		s.Formats = append(s.Formats, job.Format(format))
	}
	if len(wrong) > 0 {
		return nil, malformed(wrong...)
	}
	return s, nil
}

// extensions of the content types that a photo can have.
var extensions = map[string]string{"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}

const maxName = 200 // in runes

// check validates the submission and returns every error. It also returns the
// objects and options as they are stored in documents and metadata.
func (s *submission) check(limits job.Limits) ([]job.Selection, job.Options, string, []fieldError) {
	var wrong []fieldError
	note := func(field string, err error) {
		if err != nil {
			wrong = append(wrong, fieldError{field, err.Error()})
		}
	}
	if s.From == nil {
		s.checkPhoto(limits, note)
	}
	sized := s.Width != 0 || s.Height != 0
	selections, wrongObjects := s.selections(limits, sized)
	wrong = append(wrong, wrongObjects...)
	seed, err := job.Seed(s.Seed)
	note("options.seed", err)
	quality, err := job.ParseQuality(s.Quality)
	note("options.quality", err)
	faces, err := job.Faces(s.Faces)
	note("options.faces", err)
	options, err := job.Options{Seed: seed, Formats: s.Formats, Quality: quality, Faces: faces}.Normalize()
	note("options.formats", err)
	encoded := ""
	if len(wrongObjects) == 0 {
		encoded, err = job.EncodeSelections(selections)
		note("objects", err)
	}
	return selections, options, encoded, wrong
}

// checkPhoto checks what the caller says about the photo.
func (s *submission) checkPhoto(limits job.Limits, note func(string, error)) {
	note("name", checkName(s.Name))
	if extensions[s.ContentType] == "" {
		note("contentType", job.Invalid(job.CodeWrongType, "The photo must be a PNG, JPEG or WebP file (image/png, image/jpeg or image/webp)."))
	}
	if s.Bytes < 0 {
		note("bytes", job.Invalid(job.CodeEmptyFile, "The number of bytes cannot be negative."))
	} else {
		note("bytes", limits.CheckBytes(s.Bytes))
	}
	if s.Width != 0 || s.Height != 0 {
		note("width", limits.CheckSize(s.Width, s.Height))
	}
}

// selections returns the marked objects. An empty list becomes one object
// without a box, so that the policy of the upload includes it.
func (s *submission) selections(limits job.Limits, sized bool) ([]job.Selection, []fieldError) {
	if len(s.Objects) == 0 {
		return []job.Selection{{}}, nil
	}
	if len(s.Objects) > limits.MaxObjects {
		err := limits.CheckSelections(make([]job.Selection, len(s.Objects)), 0, 0)
		return nil, []fieldError{{"objects", err.Error()}}
	}
	width, height := 0, 0
	if sized {
		width, height = s.Width, s.Height
	}
	var wrong []fieldError
	var err error
	selections := make([]job.Selection, len(s.Objects))
	for i, o := range s.Objects {
		field := fmt.Sprintf("objects[%d]", i)
		selection := job.Selection{Label: o.Label}
		if o.Box != nil {
			if len(o.Box) != 4 {
				wrong = append(wrong, fieldError{field + ".box", fmt.Sprintf("Box %d has %d numbers; give four: x0, y0, x1, y1.", i+1, len(o.Box))})
				continue
			}
			selection.Box = (*job.Box)(o.Box)
		}
		if selection.Points, err = o.points(i); err != nil {
			wrong = append(wrong, fieldError{field + ".points", err.Error()})
			continue
		}
		if selection.Mask = o.Mask != nil; selection.Mask {
			if err := o.Mask.check(i + 1); err != nil {
				wrong = append(wrong, fieldError{field + ".mask", err.Error()})
				continue
			}
		}
		// The selection keeps its index, so that messages number it
		// correctly.
		alone := make([]job.Selection, i+1)
		alone[i] = selection
		if err := limits.CheckSelections(alone, width, height); err != nil {
			wrong = append(wrong, fieldError{field + "." + fieldOf(err), err.Error()})
			continue
		}
		selections[i] = selection
	}
	return selections, wrong
}

func checkName(name string) error {
	switch {
	case name == "":
		return job.Invalid(job.CodeBadMetadata, "The photo needs a name, such as cat.jpg.")
	case !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxName:
		return job.Invalid(job.CodeBadMetadata, "The photo's name is longer than %d characters; shorten it.", maxName)
	}
	for _, r := range name {
		if unicode.IsControl(r) {
			return job.Invalid(job.CodeBadMetadata, "The photo's name holds a control character; rename it.")
		}
	}
	return nil
}

// createdJob is the body of the response: the job, the form to upload its photo
// with, and those for its masks.
type createdJob struct {
	JobID job.ID    `json:"jobId"`
	State job.State `json:"state"`
	// Upload is nil for a job of an earlier job's photo.
	Upload *upload      `json:"upload,omitempty"`
	Masks  []maskUpload `json:"masks,omitempty"`
}

type upload struct {
	URL       string            `json:"url"`
	Fields    map[string]string `json:"fields"`
	ExpiresAt time.Time         `json:"expiresAt"`
}

// maskUpload is the form for the mask of an object.
type maskUpload struct {
	Object int    `json:"object"`
	Upload upload `json:"upload"`
}

// create makes a job for a photo that will be uploaded, or for that of an earlier
// job. It signs the forms first, since signing can fail without leaving anything
// behind. It then writes the marker, since a claim without a marker counts as
// free, and then the upload document, which makes the job visible. A run that
// ends in between leaves only a marker, which Sweep removes, and with it the
// claim.
//
// The photo of an earlier job is copied last, since that starts the job, unless
// masks must be uploaded before it or the caller starts the job. A caller who
// does can repeat a request whose response was lost: nothing has started.
func (h *Handler) create(ctx context.Context, req *request) (*response, error) {
	fields, err := decode(req.event)
	if err != nil {
		return nil, err
	}
	asked, err := readSubmission(fields)
	if err != nil {
		return nil, err
	}
	var from *earlierJob
	if asked.From != nil {
		if from, err = h.earlier(ctx, req.user, *asked.From); err != nil {
			return nil, err
		}
		asked.keep(from)
	}
	limits := h.config.Limits
	selections, options, encoded, wrong := asked.check(limits)
	if len(wrong) > 0 {
		return nil, invalid(wrong)
	}
	copied, err := h.copiedMasks(ctx, asked, from)
	if err != nil {
		return nil, err
	}
	now := h.now()
	id, err := job.NewID(now, h.random)
	if err != nil {
		return nil, err
	}
	ref := job.Ref{User: req.user, Job: id}
	req.job = ref
	pending := &job.Upload{
		Version: job.Version, JobID: id, UserID: req.user, CreatedAt: id.Created(),
		Key:  ref.PhotoKey(safeName(asked.Name), asked.extension(from)),
		Name: asked.Name, ContentType: asked.ContentType, Bytes: asked.Bytes, Objects: selections, Options: options,
		From: from.origin(),
	}
	created := createdJob{JobID: id, State: job.StateUploading}
	if created.Masks, pending.ExpiresAt, err = h.signMasks(ctx, pending, asked, now); err != nil {
		return nil, err
	}
	if from == nil {
		if created.Upload, err = h.signUpload(ctx, pending, encoded, now); err != nil {
			return nil, err
		}
		pending.ExpiresAt = created.Upload.ExpiresAt
	}
	if err := h.admit(ctx, ref, now); err != nil {
		return nil, err
	}
	if from == nil {
		err = h.bucket.CreateUpload(ctx, pending)
	} else {
		err = h.bucket.CreateFrom(ctx, pending, copied, len(created.Masks) == 0 && !asked.waits)
	}
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, photoGone()
	}
	if err != nil {
		return nil, err
	}
	if h.config.Wake.Submit() {
		h.instances.Wake(ctx) // the instance starts while the photo is uploaded
	}
	return &response{status: http.StatusCreated, document: created}, nil
}

// atOnceWait is when a submission that lost against concurrent ones is repeated.
const atOnceWait = 3 * time.Second

// admit writes the job's marker and claims a place among the user's unfinished
// jobs. It removes the marker again and returns a problem if no place is free,
// or if the user makes so many concurrent claims that this one does not
// succeed in time. A claim that was written nevertheless has no place once its
// marker is removed.
func (h *Handler) admit(ctx context.Context, ref job.Ref, now time.Time) error {
	if err := h.bucket.MarkPending(ctx, ref); err != nil {
		return err
	}
	most := h.config.Limits.MaxUnfinished
	claiming := ctx
	if deadline, ok := ctx.Deadline(); ok { // half of the remaining time is for removing the marker and answering
		var cancel context.CancelFunc
		claiming, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	places, err := h.bucket.Claim(claiming, ref.User, []job.ID{ref.Job}, most, now)
	late := errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil
	if !late && (err != nil || len(places) > 0) {
		return err
	}
	if err := h.bucket.ClearPending(ctx, ref); err != nil {
		return err
	}
	if late {
		return tooMany(atOnceWait, codeTooManyAtOnce, "Too many jobs are sent at the same time; try again in a few seconds.")
	}
	return quotaReached(h.placeIn(ctx), most)
}
