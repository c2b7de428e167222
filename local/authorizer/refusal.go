package authorizer

import (
	"net/http"
	"strconv"
	"strings"
)

// Refusal is a token that was not accepted. Its fields are those of the answer
// API Gateway gives.
type Refusal struct {
	// Status is 401, or 403 for a good token without the scope.
	Status int
	// Challenge is the value of the WWW-Authenticate header (RFC 6750).
	Challenge string
	// Reason says in words what is wrong; it holds nothing of the token.
	Reason string
}

func (r *Refusal) Error() string { return "the access token was refused: " + r.Reason }

// ServeHTTP answers as API Gateway does: the challenge in a header and a body
// that says only "Unauthorized" or "Forbidden".
func (r *Refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	body := `{"message":"` + http.StatusText(r.Status) + `"}`
	w.Header().Set("WWW-Authenticate", r.Challenge)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(r.Status)
	// The client having gone is all that can fail here.
	_, _ = w.Write([]byte(body))
}

// refuseMissing names no error code: the request made no attempt (RFC 6750, 3.1).
func refuseMissing() *Refusal {
	return &Refusal{Status: http.StatusUnauthorized, Challenge: "Bearer", Reason: "there is none"}
}

func refuseInvalid(reason string) *Refusal {
	return &Refusal{
		Status:    http.StatusUnauthorized,
		Challenge: `Bearer scope="" error="invalid_token" error_description="` + reason + `"`,
		Reason:    reason,
	}
}

func refuseScope(scopes []string) *Refusal {
	return &Refusal{
		Status:    http.StatusForbidden,
		Challenge: `Bearer scope="` + strings.Join(scopes, " ") + `" error="insufficient_scope" error_description="the token does not have a required scope"`,
		Reason:    "it has none of the scopes " + strings.Join(scopes, ", "),
	}
}
