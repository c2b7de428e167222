package job

import (
	"errors"
	"fmt"
)

// Code names a reason for failure. Programs compare codes; people read the
// message beside it.
type Code string

// Reasons that lie in the photo or in what was asked for. Trying again without
// a change gives the same answer.
const (
	CodeEmptyFile     Code = "empty_file"
	CodeNotAnImage    Code = "not_an_image"
	CodeWrongType     Code = "wrong_type"
	CodeTruncated     Code = "image_truncated"
	CodeTooManyBytes  Code = "too_many_bytes"
	CodeTooManyPixels Code = "too_many_pixels"
	CodeTooComplex    Code = "image_too_complex"
	CodeTooSmall      Code = "image_too_small"
	CodeTooManyBoxes  Code = "too_many_objects"
	CodeBoxOutside    Code = "box_outside"
	CodeBoxTooSmall   Code = "box_too_small"
	CodeBadMetadata   Code = "bad_metadata"
	CodeQuota         Code = "too_many_unfinished_jobs"
	CodeNoObject      Code = "object_not_found"
	CodeUploadExpired Code = "upload_expired"
	CodePhotoGone     Code = "photo_gone"
)

// Reasons that lie with the service. The same job may succeed when submitted
// again.
const (
	CodeModelFailed Code = "model_failed"
	CodeOutOfMemory Code = "out_of_memory"
	CodeTimedOut    Code = "timed_out"
	CodeExpired     Code = "expired"
	CodeAbandoned   Code = "abandoned"
)

// Failure is why a photo, an object or a job failed, told for the user: one
// sentence or two that say what to do.
type Failure struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// Error makes a Failure an error that carries its own words for the user.
func (f *Failure) Error() string { return f.Message }

// Invalid makes a Failure from a format and its arguments.
func Invalid(code Code, format string, args ...any) *Failure {
	return &Failure{Code: code, Message: fmt.Sprintf(format, args...)}
}

// PhotoDeleted is the failure of a job whose photo went before it could be used.
func PhotoDeleted() *Failure {
	return Invalid(CodePhotoGone, "The photo was deleted before it could be used; submit it again.")
}

// AsFailure finds the Failure that err wraps. Where there is none, ok is false
// and the error is a fault of the service, not of what the user sent.
func AsFailure(err error) (failure *Failure, ok bool) {
	ok = errors.As(err, &failure)
	return failure, ok
}
