package server

import (
	"context"
	"errors"

	"github.com/aws/smithy-go"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// fail makes the failed result of an object that err has ended. It returns an
// error where there is to be no result: the request was broken off, or the job
// is gone.
func (s *Server) fail(ctx context.Context, w *work, err error) (*job.Result, error) {
	for _, reason := range []error{errClientGone, errStopped} {
		// What a context's end led to may be told by its cause or by an S3 call
		// that it broke off.
		if errors.Is(err, reason) || errors.Is(context.Cause(ctx), reason) {
			return nil, reason
		}
	}
	if storageFull(err) {
		return nil, err
	}
	failure := s.judge(ctx, w, err)
	if failure.Code == job.CodePhotoGone && s.deleted(ctx, w.manifest.Ref()) {
		return nil, errJobDeleted
	}
	result := job.FailedResult(w.object.Index, *failure, s.now())
	return &result, nil
}

// storageFull reports whether an S3 that is not Amazon's, as that of the
// one-machine mode, has no room for what was to be written. This is no fault of
// the object, which can be made when there is room again.
func storageFull(err error) bool {
	var answer smithy.APIError
	return errors.As(err, &answer) && answer.ErrorCode() == "InsufficientStorage"
}

// judge says for the user why the object failed.
func (s *Server) judge(ctx context.Context, w *work, err error) *job.Failure {
	if failure, ok := job.AsFailure(err); ok {
		w.log.InfoContext(ctx, "object refused", "code", string(failure.Code))
		return failure
	}
	attributes := []any{"error", err.Error()}
	var crash *panicked
	if errors.As(err, &crash) {
		attributes = append(attributes, "stack", string(crash.stack))
	}
	w.log.ErrorContext(ctx, "object failed", attributes...)
	switch {
	case errors.Is(err, ErrOutOfMemory):
		return job.Invalid(job.CodeOutOfMemory, "Object %d needs more memory than the model has; draw the box closer round it or use a smaller photo.", w.object.Index)
	case errors.Is(err, errTimedOut), errors.Is(context.Cause(ctx), errTimedOut):
		return job.Invalid(job.CodeTimedOut, "Object %d took longer than the model may; submit it again.", w.object.Index)
	}
	return job.Invalid(job.CodeModelFailed, "Object %d could not be made because of a fault in the service; submit it again.", w.object.Index)
}

// deleted reports whether the job's manifest is gone as well.
func (s *Server) deleted(ctx context.Context, ref job.Ref) bool {
	_, err := s.bucket.Manifest(ctx, ref)
	return errors.Is(err, bucket.ErrNotFound)
}
