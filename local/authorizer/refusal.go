package authorizer

import (
	"net/http"
	"strconv"
	"strings"
)

// Refusal is the error for a token that is not accepted. Its fields are those
// of API Gateway's response.
type Refusal struct {
	// Status is 401, or 403 for a valid token without the scope.
	Status int
	// Challenge is the value of the WWW-Authenticate header (RFC 6750).
	Challenge string
	// Reason describes the problem; it contains nothing of the token.
	Reason string
}

func (r *Refusal) Error() string { return "the access token was refused: " + r.Reason }

// ServeHTTP responds as API Gateway does: with the challenge in a header and
// the message "Unauthorized" or "Forbidden".
func (r *Refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	body := `{"message":"` + http.StatusText(r.Status) + `"}`
	w.Header().Set("WWW-Authenticate", r.Challenge)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(r.Status)
	// An error means that the client has disconnected.
	_, _ = w.Write([]byte(body))
}

// refuseMissing has no error code, as for a request without authentication
// information (RFC 6750, 3.1).
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
