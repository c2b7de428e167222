// Package bodytimeout limits the time in which the body of an HTTP request must
// arrive. [net/http.Server.ReadTimeout] would limit the handler too: a read
// deadline that passes during the handler cancels the request's context.
package bodytimeout

import (
	"io"
	"net/http"
	"time"
)

// Handler limits the time for the body of each request to timeout, without
// limiting next. Reading a late body fails with [os.ErrDeadlineExceeded]. The
// timeout also applies to a body that next does not read, since the server
// reads it afterwards.
func Handler(next http.Handler, timeout time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			next.ServeHTTP(w, r)
			return
		}
		// A test's recorder does not support deadlines.
		connection := http.NewResponseController(w)
		if connection.SetReadDeadline(time.Now().Add(timeout)) == nil {
			// In a copy: with another body in its own request, the
			// server reads 256 KiB of a large one before it responds.
			r = r.WithContext(r.Context())
			r.Body = &body{ReadCloser: r.Body, connection: connection}
		}
		next.ServeHTTP(w, r)
	})
}

// body removes the deadline at its end.
type body struct {
	io.ReadCloser
	connection *http.ResponseController
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.connection.SetReadDeadline(time.Time{}) // only a closed connection refuses it
	}
	return n, err
}
