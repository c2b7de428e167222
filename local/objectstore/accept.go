package objectstore

import (
	"errors"
	"log/slog"
	"net"
	"time"
)

// retryingListener is a listener that tries again when it cannot accept a
// connection. While a socket listens, accept fails for lack of resources, most
// often of file descriptors (EMFILE, ENFILE), or because of a single
// connection:
// https://man7.org/linux/man-pages/man2/accept.2.html
type retryingListener struct {
	net.Listener
	by  string // who accepts, for the log
	log *slog.Logger
}

// The pause after a failed accept, which doubles with each further one.
const (
	firstAcceptPause   = 5 * time.Millisecond
	longestAcceptPause = 500 * time.Millisecond
)

// Accept returns an error only after Close.
func (l *retryingListener) Accept() (net.Conn, error) {
	for pause := firstAcceptPause; ; pause = min(2*pause, longestAcceptPause) {
		conn, err := l.Listener.Accept()
		if err == nil || errors.Is(err, net.ErrClosed) {
			return conn, err
		}
		l.log.Error("an S3 connection waits: it cannot be accepted", "by", l.by, "error", err)
		time.Sleep(pause)
	}
}
