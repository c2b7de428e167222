package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"

	"golang.org/x/sync/errgroup"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// earlierJob is the job whose photo another job is made of.
type earlierJob struct {
	ref     job.Ref
	source  job.Source // Width and Height are 0 if they are not known
	objects []job.Selection
	masks   map[int]job.MaskFile // those in the manifest, by the object's number
	options job.Options
}

// origin returns the photo, or nil for no job.
func (e *earlierJob) origin() *job.Origin {
	if e == nil {
		return nil
	}
	return &job.Origin{JobID: e.ref.Job, Key: e.source.Key, VersionID: e.source.VersionID}
}

// earlier returns a job of the user in any state whose photo still exists. In a
// versioned bucket the version of a deleted photo remains for some time, but no
// job is made of it.
func (h *Handler) earlier(ctx context.Context, user, id string) (*earlierJob, error) {
	parsed, err := job.ParseID(id)
	if err != nil {
		return nil, noSuchJob()
	}
	ref := job.Ref{User: user, Job: parsed}
	snapshot, err := h.bucket.Snapshot(ctx, ref)
	if err != nil {
		return nil, err
	}
	var from *earlierJob
	switch {
	case snapshot.Manifest:
		from, err = h.startedJob(ctx, ref)
	case snapshot.Upload:
		from, err = h.announcedJob(ctx, ref)
	default:
		return nil, noSuchJob()
	}
	if errors.Is(err, bucket.ErrNotFound) { // deleted between two reads
		return nil, noSuchJob()
	}
	if err != nil {
		return nil, err
	}
	_, err = h.bucket.Photo(ctx, from.source.Key, "")
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, photoGone()
	}
	return from, err
}

func photoGone() *problem {
	return newProblem(http.StatusConflict, string(job.CodePhotoGone), "The photo of that job was deleted or never arrived; choose the photo again.")
}

func (h *Handler) startedJob(ctx context.Context, ref job.Ref) (*earlierJob, error) {
	m, err := h.bucket.Manifest(ctx, ref)
	if err != nil {
		return nil, err
	}
	from := &earlierJob{ref: ref, source: m.Source, options: m.Options, masks: map[int]job.MaskFile{}}
	for _, o := range m.Objects {
		from.objects = append(from.objects, job.Selection{Label: o.Label, Box: o.Box, Points: o.Points, Mask: o.Mask != nil})
		if o.Mask != nil {
			from.masks[o.Index] = *o.Mask
		}
	}
	return from, nil
}

// announcedJob returns a job that has no manifest.
func (h *Handler) announcedJob(ctx context.Context, ref job.Ref) (*earlierJob, error) {
	u, err := h.bucket.Upload(ctx, ref)
	if err != nil {
		return nil, err
	}
	source := job.Source{Key: u.Key, Name: u.Name, ContentType: u.ContentType, Bytes: u.Bytes}
	return &earlierJob{ref: ref, source: source, objects: u.Objects, options: u.Options}, nil
}

// keep completes the submission with what it does not replace: the photo, and the
// objects with the masks that were given for them, and options.
func (s *submission) keep(from *earlierJob) {
	source := from.source
	s.Name, s.ContentType, s.Bytes, s.Width, s.Height = source.Name, source.ContentType, source.Bytes, source.Width, source.Height
	if s.keepsObjects {
		for i, o := range from.objects {
			s.Objects = append(s.Objects, keptObject(o, i+1))
		}
	}
	if !s.options["seed"] {
		s.Seed = int64(from.options.Seed)
	}
	if !s.options["formats"] {
		s.Formats = from.options.Formats
	}
	if !s.options["quality"] {
		s.Quality = string(from.options.Quality)
	}
	if !s.options["faces"] {
		s.Faces = int64(from.options.Faces)
	}
}

// extension returns the extension of the photo's key, with the dot.
func (s *submission) extension(from *earlierJob) string {
	if from != nil {
		return path.Ext(from.source.Key)
	}
	return extensions[s.ContentType]
}

func keptObject(o job.Selection, n int) submittedObject {
	kept := submittedObject{Label: o.Label}
	if o.Box != nil {
		kept.Box = o.Box[:]
	}
	for _, p := range pointsOf(o.Points) {
		kept.Points = append(kept.Points, p[:])
	}
	if o.Mask {
		kept.Mask = &submittedMask{Copy: n}
	}
	return kept
}

// copiedMasks finds the masks of the earlier job that the submission copies, by
// the number of the new object.
func (h *Handler) copiedMasks(ctx context.Context, asked *submission, from *earlierJob) (map[int]job.MaskFile, error) {
	found := make([]*job.MaskFile, len(asked.Objects))
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, o := range asked.Objects {
		if o.Mask != nil && o.Mask.Copy > 0 {
			group.Go(func() (err error) {
				found[i], err = h.earlierMask(reading, from, o.Mask.Copy)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	copied := map[int]job.MaskFile{}
	var wrong []fieldError
	for i, o := range asked.Objects {
		switch {
		case o.Mask == nil || o.Mask.Copy == 0:
		case found[i] == nil:
			wrong = append(wrong, fieldError{
				fmt.Sprintf("objects[%d].mask", i),
				fmt.Sprintf("There is no mask of object %d of that job; give the mask of object %d itself, or none.", o.Mask.Copy, i+1),
			})
		default:
			copied[i+1] = *found[i]
		}
	}
	if len(wrong) > 0 {
		return nil, invalid(wrong)
	}
	return copied, nil
}

// earlierMask returns the mask of object n of the earlier job: the one that the
// user gave, or else the one that the model found. It is nil if there is neither.
func (h *Handler) earlierMask(ctx context.Context, from *earlierJob, n int) (*job.MaskFile, error) {
	if n > len(from.objects) {
		return nil, nil
	}
	candidates := []job.MaskFile{{Key: from.ref.UsedMaskKey(n)}}
	if given, ok := from.masks[n]; ok {
		candidates = []job.MaskFile{given, candidates[0]}
	} else if from.objects[n-1].Mask { // the job has no manifest
		candidates = []job.MaskFile{{Key: from.ref.MaskKey(from.source.Key, n)}, candidates[0]}
	}
	for _, mask := range candidates {
		_, err := h.bucket.Photo(ctx, mask.Key, mask.VersionID)
		if err == nil {
			return &mask, nil
		}
		if !errors.Is(err, bucket.ErrNotFound) {
			return nil, err
		}
	}
	return nil, nil
}
