package smoke

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// trace is a transport that prints a line for each request: method, URL, status
// and time until the response's header.
type trace struct {
	next    http.RoundTripper
	to      io.Writer
	secrets *secrets
}

// RoundTrip implements http.RoundTripper.
func (t *trace) RoundTrip(request *http.Request) (*http.Response, error) {
	began := time.Now()
	response, err := t.next.RoundTrip(request)
	status := "no response"
	if err == nil {
		status = response.Status
	}
	url := *request.URL
	if url.Query().Has("X-Amz-Signature") {
		url.RawQuery = "X-Amz-Signature=" + hidden
	}
	line := request.Method + " " + url.String()
	if operation := request.Header.Get("X-Amz-Target"); operation != "" {
		line += " (" + operation[strings.LastIndex(operation, ".")+1:] + ")"
	}
	fmt.Fprintf(t.to, "    %s: %s, %d ms\n", t.secrets.hide(line), status, time.Since(began).Milliseconds())
	return response, err
}
