package server

import (
	"context"
	"errors"

	"github.com/aws/smithy-go"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// fail returns the failed result of an object whose processing ended with err.
// It returns an error if no result must be written: the request was canceled,
// the storage is full or the job was deleted.
func (s *Server) fail(ctx context.Context, w *work, err error) (*job.Result, error) {
	for _, reason := range []error{errClientGone, errStopped} {
		// err may be that of an S3 call that the end of ctx canceled, so the cause of
		// ctx is checked as well.
		if errors.Is(err, reason) || errors.Is(context.Cause(ctx), reason) {
			return nil, reason
		}
	}
	if storageFull(err) {
		return nil, err
	}
	failure := s.classify(ctx, w, err)
	if gone := failure.Code == job.CodePhotoGone || failure.Code == job.CodeMaskMissing; gone && s.deleted(ctx, w.manifest.Ref()) {
		return nil, errJobDeleted
	}
	result := job.FailedResult(w.object.Index, *failure, s.now())
	return &result, nil
}

// storageFull reports whether err is an S3 error of a full disk. Only S3
// implementations other than AWS return it, such as the local object store. The
// object can be processed once there is room again.
func storageFull(err error) bool {
	var apiError smithy.APIError
	return errors.As(err, &apiError) && apiError.ErrorCode() == "InsufficientStorage"
}

// classify returns the failure to show to the user for err, and logs err.
func (s *Server) classify(ctx context.Context, w *work, err error) *job.Failure {
	if failure, ok := job.AsFailure(err); ok {
		w.log.InfoContext(ctx, "object refused", "code", string(failure.Code))
		return failure
	}
	attributes := []any{"error", err.Error()}
	var crash *panicError
	if errors.As(err, &crash) {
		attributes = append(attributes, "stack", string(crash.stack))
	}
	w.log.ErrorContext(ctx, "object failed", attributes...)
	switch {
	case errors.Is(err, ErrOutOfMemory):
		return job.Invalid(job.CodeOutOfMemory, "Object %d needs more memory than the model has; draw the box closer around it or use a smaller photo.", w.object.Index)
	case errors.Is(err, errTimedOut), errors.Is(context.Cause(ctx), errTimedOut):
		return job.Invalid(job.CodeTimedOut, "Object %d took too long; try it again.", w.object.Index)
	case errors.Is(err, ErrExport):
		return job.Invalid(job.CodeExportFailed, "The files of object %d could not be written because of a fault in the service; try it again.", w.object.Index)
	}
	return job.Invalid(job.CodeModelFailed, "Object %d could not be made because of a fault in the service; try it again.", w.object.Index)
}

// deleted reports whether the job's manifest has been deleted.
func (s *Server) deleted(ctx context.Context, ref job.Ref) bool {
	_, err := s.bucket.Manifest(ctx, ref)
	return errors.Is(err, bucket.ErrNotFound)
}
