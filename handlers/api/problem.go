package api

import (
	"fmt"
	"net/http"
)

// problem is an error response, RFC 9457. Its type is about:blank, so that title
// is the status's own phrase; code is what programs compare.
type problem struct {
	Type      string       `json:"type"`
	Title     string       `json:"title"`
	Status    int          `json:"status"`
	Detail    string       `json:"detail"`
	Code      string       `json:"code"`
	Errors    []fieldError `json:"errors,omitempty"`
	RequestID string       `json:"requestId,omitempty"`

	allow string // of 405
}

// fieldError is what is wrong with one field, as objects[1].box.
type fieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Codes of problems that are not failures of a photo.
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
	// codeTooManyAtOnce is for a user's submissions that keep one another out.
	codeTooManyAtOnce = "too_many_at_once"
)

func newProblem(status int, code, format string, args ...any) *problem {
	return &problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: fmt.Sprintf(format, args...),
	}
}

// Error makes a problem an error, so that a route's function can return it.
func (p *problem) Error() string { return p.Detail }

// invalid is the problem of a request that can be read but not be done, with
// everything that is wrong with it.
func invalid(errors []fieldError) *problem {
	p := newProblem(http.StatusUnprocessableEntity, codeInvalid, "%s", errors[0].Message)
	if len(errors) > 1 {
		p.Detail = fmt.Sprintf("%d fields cannot be used; see errors for each.", len(errors))
	}
	p.Errors = errors
	return p
}

func noSuchJob() *problem {
	return newProblem(http.StatusNotFound, codeNotFound, "There is no such job; it may have been deleted.")
}
