package hub

import (
	"errors"
	"io"
	"time"
)

var errStalled = errors.New("nothing arrives")

// watched gives up on a body that brings nothing for a while: a connection whose
// other end is gone can stay open for hours.
type watched struct {
	body  io.ReadCloser
	stall time.Duration
}

func (w *watched) Read(p []byte) (int, error) {
	stalled := make(chan struct{})
	timer := time.AfterFunc(w.stall, func() {
		close(stalled)
		_ = w.body.Close() // ends the Read below
	})
	n, err := w.body.Read(p)
	if !timer.Stop() {
		<-stalled
		return n, errStalled
	}
	return n, err
}
