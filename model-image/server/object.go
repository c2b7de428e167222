package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/photo"
	"gen3d/model-image/server/mask"
)

// resultTimeout bounds writing a result. It is independent of the object's
// timeout, so that a timeout can be reported.
const resultTimeout = 30 * time.Second

// Reasons for which an object ends without an outcome.
var (
	errClientGone = errors.New("the client canceled the request")
	errJobDeleted = errors.New("the job has been deleted")
)

// errTimedOut is the cause of an object's context after InvocationTimeout.
var errTimedOut = errors.New("the invocation timeout has expired")

// work is the processing of one object.
type work struct {
	manifest *job.Manifest
	object   job.Object
	log      *slog.Logger
	tracker  *tracker
	began    time.Time
	waited   time.Duration // for the backend
	busy     time.Duration // in the backend, until it could take the next object
	// commit makes the work continue when its request is canceled.
	commit func()
}

// outcome returns the object's result after writing it to the bucket, or the
// existing one. If it returns an error, no result has been written.
func (s *Server) outcome(request context.Context, log *slog.Logger, m *job.Manifest, o job.Object) (*job.Result, error) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(request))
	defer cancel(nil)
	// A request that is canceled before the backend starts is dropped. After that
	// the result is written anyway: a repeated request finds it.
	commit := context.AfterFunc(request, func() { cancel(errClientGone) })
	defer commit()
	defer context.AfterFunc(s.life, func() { cancel(errStopped) })()
	ctx, cancelTimer := context.WithTimeoutCause(ctx, s.cfg.InvocationTimeout, errTimedOut)
	defer cancelTimer()

	unlock, err := s.locks.lock(ctx, m.Ref().ResultKey(o.Index))
	if err == nil {
		defer unlock()
	}
	w := &work{manifest: m, object: o, log: log, began: s.now(), commit: func() { commit() }}
	var result *job.Result
	if err == nil {
		result, err = s.bucket.Result(ctx, m.Ref(), o.Index)
		if err == nil {
			log.InfoContext(ctx, "result found", "status", string(result.Status))
			return result, nil
		}
		if errors.Is(err, bucket.ErrNotFound) {
			result, err = s.process(ctx, w)
		}
	}
	if err != nil {
		if result, err = s.fail(ctx, w, err); err != nil {
			return nil, err
		}
	}
	return s.finish(ctx, w, *result)
}

// process runs all stages of the object and returns its succeeded result.
func (s *Server) process(ctx context.Context, w *work) (*job.Result, error) {
	now := s.now().UTC()
	w.tracker = track(ctx, job.Progress{
		Version: job.Version, Index: w.object.Index, Stage: job.StageFetch, Backend: s.cfg.Backend, StartedAt: now, StageAt: now,
	}, s.now, w.log, func(ctx context.Context, p job.Progress) error { return s.bucket.PutProgress(ctx, w.manifest.Ref(), p) })
	defer w.tracker.finish()

	picture, err := s.picture(ctx, w.manifest.Source)
	if err != nil {
		return nil, err
	}
	defer s.putThumbnail(ctx, w, picture.Image)()
	if err := checkBox(w.object, picture.Image.Rect.Dx(), picture.Image.Rect.Dy()); err != nil {
		return nil, err
	}
	if err := checkPoints(w.object, picture.Image.Rect.Dx(), picture.Image.Rect.Dy()); err != nil {
		return nil, err
	}
	given, err := s.givenMask(ctx, w.object, picture)
	if err != nil {
		return nil, err
	}
	out, err := s.reconstruct(ctx, w, picture, given)
	if err != nil {
		return nil, err
	}
	w.tracker.enter(job.StageExport)
	files, err := s.upload(ctx, w, out.Files)
	if err != nil {
		return nil, err
	}
	return &job.Result{
		Version: job.Version, Index: w.object.Index, Status: job.StatusSucceeded,
		Files: files, Mesh: &out.Mesh, Mask: out.Mask, Pose: out.Pose,
	}, nil
}

// picture returns the decoded photo, which the objects of a job share.
func (s *Server) picture(ctx context.Context, from job.Source) (*photo.Picture, error) {
	return s.photos.get(ctx, keyOf(from), func(ctx context.Context) (*photo.Picture, error) {
		picture, err := read(ctx, s, func(ctx context.Context) (fetched, error) { return s.fetch(ctx, from) }, func(ctx context.Context, data []byte) (*photo.Picture, error) {
			return s.decode(ctx, data, from)
		})
		if errors.Is(err, errReadTimedOut) {
			return nil, job.Invalid(job.CodeTimedOut, "The photo could not be read within %s; save it as a plain JPEG or PNG and try again.", s.cfg.PhotoTimeout)
		}
		return picture, err
	})
}

// decode decodes a photo.
func (s *Server) decode(ctx context.Context, data []byte, from job.Source) (*photo.Picture, error) {
	picture, err := photo.Decode(ctx, data, from.ContentType, from.Orientation, s.cfg.Limits.MaxPixels)
	if err != nil {
		return nil, fmt.Errorf("decoding %s: %w", from.Key, err)
	}
	if size := picture.Image.Rect; size.Dx() != from.Width || size.Dy() != from.Height {
		return nil, replaced()
	}
	return picture, nil
}

// fetch reads the photo's bytes.
func (s *Server) fetch(ctx context.Context, from job.Source) (fetched, error) {
	body, err := s.bucket.OpenPhoto(ctx, from.Key, from.VersionID, 0, 0)
	if errors.Is(err, bucket.ErrNotFound) {
		return fetched{}, job.PhotoDeleted()
	}
	if err != nil {
		return fetched{}, err
	}
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(io.LimitReader(body, s.cfg.Limits.MaxBytes+1))
	if err != nil {
		return fetched{}, fmt.Errorf("reading %s: %w", from.Key, err)
	}
	if err := s.cfg.Limits.CheckBytes(int64(len(data))); err != nil {
		return fetched{}, err
	}
	if int64(len(data)) != from.Bytes {
		return fetched{}, replaced()
	}
	info, err := photo.Probe(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return fetched{}, fmt.Errorf("reading %s: %w", from.Key, err)
	}
	return fetched{data: data, memory: info.Memory()}, nil
}

func replaced() error {
	return job.Invalid(job.CodePhotoGone, "The photo was replaced after it had been sent; send it again.")
}

// checkBox returns a failure if the object's box does not lie within the
// picture.
func checkBox(o job.Object, width, height int) error {
	if o.Box == nil {
		return nil
	}
	if b := *o.Box; b[0] < 0 || b[1] < 0 || b[2] > width || b[3] > height || b.Width() < 1 || b.Height() < 1 {
		return job.Invalid(job.CodeBoxOutside, "Box %d (%d,%d,%d,%d) does not lie within the photo of %d × %d pixels; draw it again.", o.Index, b[0], b[1], b[2], b[3], width, height)
	}
	return nil
}

// checkPoints returns a failure if the object has too many points or one that
// does not lie within the picture.
func checkPoints(o job.Object, width, height int) error {
	if len(o.Points) > job.MaxPoints {
		return job.Invalid(job.CodeTooManyPoints, "Object %d has %d points; the limit is %d. Delete some and try again.", o.Index, len(o.Points), job.MaxPoints)
	}
	for i, p := range o.Points {
		if p.X < 0 || p.Y < 0 || p.X >= width || p.Y >= height {
			return job.Invalid(job.CodePointOutside, "Point %d of object %d (%d,%d) does not lie within the photo of %d × %d pixels; set it again.", i+1, o.Index, p.X, p.Y, width, height)
		}
	}
	return nil
}

// reconstruct waits for the backend and runs it.
func (s *Server) reconstruct(ctx context.Context, w *work, picture *photo.Picture, given *mask.Mask) (*Output, error) {
	w.tracker.pause()
	waiting := s.now()
	var began time.Time
	begun := func() {
		began = s.now()
		w.waited = began.Sub(waiting)
		w.commit()
		w.tracker.enter(job.StageMask)
	}
	var released atomic.Pointer[time.Time]
	out, err := s.turn.run(ctx, begun, func(ctx context.Context, next func()) (*Output, error) {
		return s.backend.Reconstruct(ctx, Input{
			Photo: picture.Image, PhotoID: keyOf(w.manifest.Source).id(), Object: w.object, Mask: given, Seed: w.manifest.Options.Seed,
			Formats: w.manifest.Options.Formats, Quality: w.manifest.Options.Quality, Faces: w.manifest.Options.Faces,
			Stage: w.tracker.enter,
			Next: func() {
				now := s.now()
				released.CompareAndSwap(nil, &now)
				next()
			},
		})
	})
	if !began.IsZero() {
		end := s.now()
		if at := released.Load(); at != nil {
			end = *at
		}
		w.busy = end.Sub(began)
	}
	return out, err
}

// upload writes the files concurrently.
func (s *Server) upload(ctx context.Context, w *work, made map[job.Format][]byte) ([]job.File, error) {
	wanted := job.Made(w.manifest.Options.Formats)
	files := make([]job.File, len(wanted))
	errs := make([]error, len(wanted))
	var all sync.WaitGroup
	for i, format := range wanted {
		data, ok := made[format]
		if !ok || len(data) == 0 {
			return nil, fmt.Errorf("the backend made no %s", format)
		}
		all.Go(func() {
			files[i], errs[i] = s.bucket.PutFile(ctx, w.manifest.Ref(), w.object.Index, format, data)
		})
	}
	all.Wait()
	return files, errors.Join(errs...)
}

// finish writes the result, unless another one exists, and returns the one in
// the bucket.
func (s *Server) finish(ctx context.Context, w *work, r job.Result) (*job.Result, error) {
	r.Backend = s.cfg.Backend
	r.FinishedAt = s.now().UTC()
	var spent map[job.Stage]time.Duration
	if w.tracker != nil {
		spent = w.tracker.finish()
	}
	total := r.FinishedAt.Sub(w.began)
	r.Timing = timing(spent, total)
	r.Cost = s.cost(w.busy)
	s.measure(w, r, spent, total)

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), resultTimeout)
	defer cancel()
	created, err := s.bucket.CreateResult(ctx, w.manifest.Ref(), r)
	if err != nil {
		return nil, err
	}
	if !created {
		w.log.InfoContext(ctx, "another result exists")
		return s.bucket.Result(ctx, w.manifest.Ref(), w.object.Index)
	}
	w.log.InfoContext(ctx, "result written", "status", string(r.Status), "totalMs", total.Milliseconds())
	return &r, nil
}
