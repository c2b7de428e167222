// Package bodytimeout bounds how long the body of an HTTP request may take to
// arrive. [net/http.Server.ReadTimeout] would bound the handler as well: a read
// deadline that passes while it works cancels the request's context.
package bodytimeout

import (
	"io"
	"net/http"
	"time"
)

// Handler gives the body of each request the timeout to arrive in, and next as
// long as it needs after that. A body that is late fails with
// [os.ErrDeadlineExceeded]. The timeout holds as well for a body that next does
// not read, which the server does after it.
func Handler(next http.Handler, timeout time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			next.ServeHTTP(w, r)
			return
		}
		// A test's recorder knows no deadlines; a connection does.
		connection := http.NewResponseController(w)
		if connection.SetReadDeadline(time.Now().Add(timeout)) == nil {
			r.Body = &body{ReadCloser: r.Body, connection: connection}
		}
		next.ServeHTTP(w, r)
	})
}

// body lifts the deadline at its end.
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
