package job

import (
	"errors"
	"fmt"
)

// Code identifies a reason for failure. Programs compare codes; the message is
// for people.
type Code string

// Reasons in the photo or the request. Another attempt without a change fails
// in the same way.
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
	CodeTooManyPoints Code = "too_many_points"
	CodePointOutside  Code = "point_outside"
	CodeNoPointInside Code = "no_point_inside"
	CodeMaskMissing   Code = "mask_missing"
	CodeBadMask       Code = "bad_mask"
	CodeBadMetadata   Code = "bad_metadata"
	CodeQuota         Code = "too_many_unfinished_jobs"
	CodeNoObject      Code = "object_not_found"
	CodeUploadExpired Code = "upload_expired"
	CodePhotoGone     Code = "photo_gone"
)

// Reasons in the service. The same job can succeed when it is submitted again.
const (
	CodeModelFailed  Code = "model_failed"
	CodeExportFailed Code = "export_failed"
	CodeOutOfMemory  Code = "out_of_memory"
	CodeTimedOut     Code = "timed_out"
	CodeExpired      Code = "expired"
	CodeAbandoned    Code = "abandoned"
	CodeUnreadable   Code = "job_unreadable"
)

// Reasons why a job has no [Scene], or not all of its files.
const (
	CodeNoPlaces    Code = "no_places"
	CodeSceneFailed Code = "scene_failed"
)

// InService reports whether the reason is in the service, so that the same
// photo can succeed at another attempt.
func (c Code) InService() bool {
	switch c {
	case CodeModelFailed, CodeExportFailed, CodeOutOfMemory, CodeTimedOut, CodeExpired, CodeAbandoned, CodeUnreadable, CodeQuota:
		return true
	}
	return false
}

// Failure is why a photo, an object or a job failed. Its message is for the
// user: one or two sentences that say what to do.
type Failure struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// Error implements error. It returns the message for the user.
func (f *Failure) Error() string { return f.Message }

// Invalid returns a Failure with a formatted message.
func Invalid(code Code, format string, args ...any) *Failure {
	return &Failure{Code: code, Message: fmt.Sprintf(format, args...)}
}

// PhotoDeleted returns the failure of a job whose photo was deleted before it
// could be used.
func PhotoDeleted() *Failure {
	return Invalid(CodePhotoGone, "The photo was deleted before it could be used; submit it again.")
}

// Unreadable returns the failure of a job whose documents the service cannot
// read.
func Unreadable() *Failure {
	return Invalid(CodeUnreadable, "The records of this job are damaged; delete the job, and submit the photo again.")
}

// AsFailure returns the Failure that err wraps. If there is none, ok is false,
// and err is a fault of the service.
func AsFailure(err error) (failure *Failure, ok bool) {
	ok = errors.As(err, &failure)
	return failure, ok
}
