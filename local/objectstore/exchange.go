package objectstore

import (
	"errors"
	"io"
	"net"
	"time"
)

// pace limits how long a connection can take for each phase, so that a client
// cannot keep it forever. The relay does not parse HTTP; it knows only which
// side has sent last.
type pace struct {
	// idle is how long a client can be silent before its first byte and
	// after an answer, and how long it can take to receive a part of an
	// answer.
	idle time.Duration
	// answer is how long the gateway can take to answer. It also applies to
	// a client that stops in the middle of a body. The gateway takes
	// longest to assemble the parts of a large upload.
	answer time.Duration
	// A request must be complete after start and one second for every rate
	// bytes.
	start time.Duration
	rate  int64 // bytes per second
}

var defaultPace = pace{idle: time.Minute, answer: 10 * time.Minute, start: 30 * time.Second, rate: 8 << 10}

var errTooSlow = errors.New("the request comes too slowly")

// exchange is a connection that is relayed to the gateway.
type exchange struct {
	relay           *relay
	client, gateway net.Conn

	// The request that is being sent, guarded by the relay's mu. began is
	// zero after an answer.
	began time.Time
	sent  int64
}

// requests copies from the client, whose first bytes are in buffer, to the
// gateway. It returns nil when the client has closed its side.
func (e *exchange) requests(buffer []byte, n int) error {
	var err error
	for {
		if n > 0 {
			if err := e.received(n); err != nil {
				return err
			}
			began := time.Now()
			if _, err := e.gateway.Write(buffer[:n]); err != nil {
				return err
			}
			e.exclude(time.Since(began))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		n, err = e.client.Read(buffer)
	}
}

// answers copies from the gateway to the client until the gateway closes the
// connection.
func (e *exchange) answers() {
	buffer := make([]byte, 32<<10)
	for {
		n, err := e.gateway.Read(buffer)
		if n > 0 {
			e.answered()
			if _, err := e.client.Write(buffer[:n]); err != nil {
				return
			}
			e.delivered()
		}
		if err != nil {
			return
		}
	}
}

// received counts n more bytes of a request.
func (e *exchange) received(n int) error {
	e.relay.mu.Lock()
	defer e.relay.mu.Unlock()
	now, pace := time.Now(), e.relay.pace
	if e.began.IsZero() {
		e.began, e.sent = now, 0
	}
	e.sent += int64(n)
	if now.Sub(e.began) > pace.start+time.Duration(e.sent)*time.Second/time.Duration(pace.rate) {
		return errTooSlow
	}
	if !e.relay.closed { // a stopped relay has set its own deadline
		_ = e.client.SetReadDeadline(now.Add(pace.answer)) // fails only on a closed connection
	}
	return nil
}

// exclude subtracts from the request's time the time during which the gateway
// made the client wait.
func (e *exchange) exclude(d time.Duration) {
	e.relay.mu.Lock()
	defer e.relay.mu.Unlock()
	if !e.began.IsZero() {
		e.began = e.began.Add(d)
	}
}

// answered ends the request: a part of its answer is about to be sent.
func (e *exchange) answered() {
	e.relay.mu.Lock()
	defer e.relay.mu.Unlock()
	e.began = time.Time{}
	if !e.relay.closed {
		_ = e.client.SetDeadline(time.Now().Add(e.relay.pace.idle))
	}
}

// delivered starts the time for the next request again: that of a slow receiver
// does not count as silence. The next request may have begun already.
func (e *exchange) delivered() {
	e.relay.mu.Lock()
	defer e.relay.mu.Unlock()
	if e.began.IsZero() && !e.relay.closed {
		_ = e.client.SetDeadline(time.Now().Add(e.relay.pace.idle))
	}
}
