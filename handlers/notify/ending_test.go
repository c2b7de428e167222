package notify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"gen3d/tests/support/s3test"
)

// errEnded is the error of a call after the process has ended.
var errEnded = errors.New("the process has ended")

// ending is a transport of a process that ends at a call: before the request is
// sent, or after the response was received but not read. No later call is sent.
type ending struct {
	at     int // from 1
	before bool

	mu    sync.Mutex
	calls int
	// unrecorded is the recipient of a mail that the mail service has
	// accepted and that is not in a stored notice; empty if there is none.
	unrecorded string
	name       string // of the call at which it ended
	writes     bool   // whether that call can change something
}

func (d *ending) RoundTrip(r *http.Request) (*http.Response, error) {
	call := d.begin(r)
	if call > d.at || call == d.at && d.before {
		return nil, errEnded
	}
	to, err := recipient(r)
	if err != nil {
		return nil, err
	}
	// Not locked: the body of a scene's file is read from other requests.
	response, err := s3test.Transport.RoundTrip(r)
	if err == nil && response.StatusCode == http.StatusOK {
		d.mu.Lock()
		switch {
		case to != "":
			d.unrecorded = to
		case r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/notified.json"):
			d.unrecorded = ""
		}
		d.mu.Unlock()
	}
	if call == d.at && err == nil {
		_ = response.Body.Close()
		return nil, errEnded
	}
	return response, err
}

// begin returns the number of a call.
func (d *ending) begin(r *http.Request) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	if d.calls == d.at {
		d.writes = r.Method != http.MethodGet && r.Method != http.MethodHead
		d.name = r.Method + " " + r.URL.Path + r.Header.Get("X-Amz-Target")
	}
	return d.calls
}

// recipient returns the recipient of a request to the mail service; empty for
// any other request.
func recipient(r *http.Request) (string, error) {
	if !strings.HasSuffix(r.URL.Path, "/outbound-emails") {
		return "", nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	_ = r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(body))
	var in struct {
		Destination struct{ ToAddresses []string }
	}
	err = json.Unmarshal(body, &in)
	return strings.Join(in.Destination.ToAddresses, ", "), err
}

func (d *ending) String() string {
	if d.before {
		return fmt.Sprintf("before call %d (%s)", d.at, d.name)
	}
	return fmt.Sprintf("after call %d (%s)", d.at, d.name)
}
