package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/scene"
)

// defaultSceneTimeout limits the time for which the mails wait for the scene.
const defaultSceneTimeout = 20 * time.Second

// scene makes the job's scene unless it exists, and returns it, or nil if the job
// has none. The job and its mails do not depend on it: why a scene could not be
// made is in the scene, and if that cannot be stored, it is logged.
func (h *Handler) scene(ctx context.Context, snapshot *job.Snapshot, manifest *job.Manifest, results map[int]*job.Result) *job.Scene {
	log := h.log.With("jobId", manifest.JobID)
	formats := job.SceneFormats(manifest, results)
	if len(formats) == 0 {
		return nil
	}
	if snapshot.Scene {
		return h.storedScene(ctx, manifest.Ref())
	}
	begun := time.Now()
	made := &job.Scene{Version: job.Version, Status: job.StatusSucceeded, Files: []job.SceneFile{}, Objects: []int{}}
	if err := h.makeScene(ctx, manifest, results, formats, made); err != nil {
		made.Status, made.Error = job.StatusFailed, sceneFailure(err)
		log.ErrorContext(ctx, "the job's scene could not be made", "code", made.Error.Code, "error", err.Error())
	}
	made.MadeAt = h.now().UTC()
	first, err := h.bucket.CreateScene(ctx, manifest.Ref(), made)
	if err != nil {
		log.ErrorContext(ctx, "the job's scene is not recorded", "error", err.Error())
		return nil
	}
	if !first {
		return h.storedScene(ctx, manifest.Ref())
	}
	log.InfoContext(ctx, "the job's scene is settled", "status", made.Status, "objects", len(made.Objects), "milliseconds", time.Since(begun).Milliseconds())
	return made
}

func (h *Handler) storedScene(ctx context.Context, ref job.Ref) *job.Scene {
	stored, err := h.bucket.Scene(ctx, ref)
	if err != nil {
		h.log.WarnContext(ctx, "the job's scene cannot be read", "jobId", ref.Job, "error", err.Error())
		return nil
	}
	return stored
}

// makeScene writes the scene's files and describes them and the objects in made,
// also if it fails.
func (h *Handler) makeScene(ctx context.Context, manifest *job.Manifest, results map[int]*job.Result, formats []job.Format, made *job.Scene) error {
	for _, o := range manifest.Objects {
		switch r := results[o.Index]; {
		case r.Status != job.StatusSucceeded:
		case scene.Placed(r.Pose):
			made.Objects = append(made.Objects, o.Index)
		default:
			made.Unplaced = append(made.Unplaced, o.Index)
		}
	}
	if placed := len(made.Objects); placed < job.SceneObjects {
		return job.Invalid(job.CodeNoPlaces, "The model gave a place in the photo for %d of %d objects; a scene needs %d.",
			placed, placed+len(made.Unplaced), job.SceneObjects)
	}
	timeout := h.sceneTimeout
	if end, ok := ctx.Deadline(); ok { // the function's, which the mails share
		timeout = min(timeout, time.Until(end)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	sizes, errs := make([]int64, len(formats)), make([]error, len(formats))
	var all errgroup.Group
	for i, format := range formats {
		all.Go(func() error {
			sizes[i], errs[i] = h.makeSceneFile(ctx, manifest, results, made.Objects, format)
			return nil
		})
	}
	_ = all.Wait()
	for i, format := range formats {
		if errs[i] == nil {
			made.Files = append(made.Files, job.SceneFile{Format: format, Bytes: sizes[i]})
		}
	}
	return errors.Join(errs...)
}

// makeSceneFile writes the scene's file of one format, and returns its size.
func (h *Handler) makeSceneFile(ctx context.Context, manifest *job.Manifest, results map[int]*job.Result, placed []int, format job.Format) (size int64, err error) {
	defer func() { // an object's file must not end the run that sends the mails
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	s := scene.Scene{Width: manifest.Source.Width, Height: manifest.Source.Height}
	for _, n := range placed {
		result := results[n]
		i := slices.IndexFunc(result.Files, func(f job.File) bool { return f.Format == format && f.Key == manifest.Ref().FileKey(n, format) })
		if i < 0 {
			return 0, fmt.Errorf("object %d has no file of the format %s", n, format)
		}
		s.Backend = result.Backend
		s.Objects = append(s.Objects, scene.Object{
			Number: n, Label: manifest.Objects[n-1].Label, Pose: *result.Pose, File: storedFile{h.bucket, result.Files[i]},
		})
	}
	combine := s.GLB
	if format == job.FormatSplat {
		combine = s.Splat
	}
	file, err := combine(ctx)
	if err != nil {
		return 0, fmt.Errorf("combining the files of the format %s: %w", format, err)
	}
	body := file.Open(ctx)
	defer func() { _ = body.Close() }()
	return file.Size(), h.bucket.CreateSceneFile(ctx, manifest.Ref(), format, body, file.Size())
}

// storedFile is an object's file in the data bucket.
type storedFile struct {
	bucket *bucket.Bucket
	file   job.File
}

func (f storedFile) Size() int64 { return f.file.Bytes }

func (f storedFile) Open(ctx context.Context, offset, count int64) (io.ReadCloser, error) {
	return f.bucket.Part(ctx, f.file, offset, count)
}

// sceneFailure returns what the user is told about an error.
func sceneFailure(err error) *job.Failure {
	if failure, ok := job.AsFailure(err); ok {
		return failure
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return job.Invalid(job.CodeTimedOut, "It took too long to put the objects together; each object's own files are complete.")
	}
	return job.Invalid(job.CodeSceneFailed, "The objects could not be put together; each object's own files are complete.")
}
