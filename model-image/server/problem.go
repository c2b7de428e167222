package server

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// problem is an error response. https://www.rfc-editor.org/rfc/rfc9457
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
}

// refuse responds with a problem. detail is shown to the client: it says what
// to do and must not expose internal details.
func refuse(w http.ResponseWriter, status int, code, detail string) {
	data, err := json.Marshal(problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: code,
	})
	if err != nil {
		panic(err) // strings and a number always marshal
	}
	write(w, status, "application/problem+json", data)
}

// busy responds with 503 and asks the client to try again after some seconds.
func busy(w http.ResponseWriter, seconds int, code, detail string) {
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	refuse(w, http.StatusServiceUnavailable, code, detail)
}

// write sends a response with its Content-Length, which SageMaker requires.
func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
