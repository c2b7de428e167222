package hub

import (
	"errors"
	"io"
	"time"
)

var errStalled = errors.New("the connection stalled")

// stallReader fails a body that returns no data for the time stall: a
// connection whose peer is gone can stay open for hours.
type stallReader struct {
	body  io.ReadCloser
	stall time.Duration
}

func (r *stallReader) Read(p []byte) (int, error) {
	stalled := make(chan struct{})
	timer := time.AfterFunc(r.stall, func() {
		close(stalled)
		_ = r.body.Close() // ends the Read below
	})
	n, err := r.body.Read(p)
	if !timer.Stop() {
		<-stalled
		return n, errStalled
	}
	return n, err
}
