package api

import (
	"fmt"
	"net/http"
	"time"

	"gen3d/internal/job"
)

// problem is an error response as in RFC 9457. Its type is about:blank, so the
// title is the phrase of the status. Programs compare code.
type problem struct {
	Type      string       `json:"type"`
	Title     string       `json:"title"`
	Status    int          `json:"status"`
	Detail    string       `json:"detail"`
	Code      string       `json:"code"`
	Errors    []fieldError `json:"errors,omitempty"`
	RequestID string       `json:"requestId,omitempty"`

	allow      string        // methods, for status 405
	retryAfter time.Duration // for status 429; 0 for no header
}

// fieldError is the error of one field, such as objects[1].box.
type fieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Codes of the problems that are not failures of a photo.
const (
	codeMalformed    = "malformed_request"
	codeInvalid      = "invalid_request"
	codeUnauthorized = "unauthorized"
	codeForbidden    = "forbidden"
	codeNotFound     = "not_found"
	codeMethod       = "method_not_allowed"
	codeTooLarge     = "body_too_large"
	codeMediaType    = "unsupported_media_type"
	codeInternal     = "internal_error"
	// codeNeedsPhoto is for a job that the upload of its photo starts.
	codeNeedsPhoto = "needs_photo"
	// codeTooManyAtOnce is for concurrent submissions of one user.
	codeTooManyAtOnce = "too_many_at_once"
	// codeTooManyWakes is for a user who starts the GPU too often.
	codeTooManyWakes = "too_many_wakes"
	// codeModelOff is for a stack without a model.
	codeModelOff = "model_off"
	// codeModelBusy is for an endpoint that accepts no change now.
	codeModelBusy = "model_busy"
)

func newProblem(status int, code, format string, args ...any) *problem {
	return &problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: fmt.Sprintf(format, args...),
	}
}

// Error implements error, so that a route's method can return a problem.
func (p *problem) Error() string { return p.Detail }

// invalid returns the problem of a request that is well formed but not valid,
// with all errors.
func invalid(errors []fieldError) *problem {
	p := newProblem(http.StatusUnprocessableEntity, codeInvalid, "%s", errors[0].Message)
	if len(errors) > 1 {
		p.Detail = fmt.Sprintf("%d fields cannot be used; see errors for each.", len(errors))
	}
	p.Errors = errors
	return p
}

func noSuchJob() *problem {
	return newProblem(http.StatusNotFound, codeNotFound, "This job does not exist; it may have been deleted.")
}

// tooMany returns a problem with the header Retry-After, unless wait is 0.
func tooMany(wait time.Duration, code, format string, args ...any) *problem {
	p := newProblem(http.StatusTooManyRequests, code, format, args...)
	p.retryAfter = wait
	return p
}

// quotaReached returns the problem of a user with as many unfinished jobs as
// there may be.
func quotaReached(wait time.Duration, most int) *problem {
	return tooMany(wait, string(job.CodeQuota), "You have %d unfinished jobs, which is the limit. Wait until one is done, or delete one.", most)
}
