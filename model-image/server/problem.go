package server

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// problem is an error answer. https://www.rfc-editor.org/rfc/rfc9457
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
}

// refuse answers with a problem. detail is for whoever sent the request: it says
// what to do and shows nothing of the server's insides.
func refuse(w http.ResponseWriter, status int, code, detail string) {
	data, err := json.Marshal(problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: code,
	})
	if err != nil {
		panic(err) // strings and a number always marshal
	}
	answer(w, status, "application/problem+json", data)
}

// busy is [refuse] with 503 for a client that may try again in some seconds.
func busy(w http.ResponseWriter, seconds int, code, detail string) {
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	refuse(w, http.StatusServiceUnavailable, code, detail)
}

// answer sends a body with its length, which SageMaker insists on.
func answer(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
