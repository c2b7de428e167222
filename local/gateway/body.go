package gateway

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"
)

const (
	// maxBody is API Gateway's limit on a payload:
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
	maxBody = 10 << 20
	// smallBody is more than any body that the API accepts. Of larger ones,
	// which it refuses, at most maxLarge are in memory at once.
	smallBody = 256 << 10
	maxLarge  = 4
)

// errBusy is returned while maxLarge large bodies are in memory.
var errBusy = errors.New("there are too many large requests at once")

// largeBodies counts the bodies over smallBody that are in memory.
type largeBodies struct{ count atomic.Int32 }

// read reads the body of a request. The caller calls release when neither the
// body nor data derived from it is needed any more.
func (l *largeBodies) read(w http.ResponseWriter, r *http.Request) (data []byte, release func(), err error) {
	if r.ContentLength > maxBody {
		return nil, nil, &http.MaxBytesError{Limit: maxBody}
	}
	body := http.MaxBytesReader(w, r.Body, maxBody)
	if r.ContentLength <= smallBody {
		if data, err = io.ReadAll(io.LimitReader(body, smallBody+1)); err != nil || len(data) <= smallBody {
			return data, func() {}, err
		}
	}
	if l.count.Add(1) > maxLarge {
		l.count.Add(-1)
		return nil, nil, errBusy
	}
	release = func() { l.count.Add(-1) }
	rest, err := io.ReadAll(body)
	if err != nil {
		release()
		return nil, nil, err
	}
	return bytes.Join([][]byte{data, rest}, nil), release, nil
}

// refuseBody responds to a request whose body was not read.
func refuseBody(w http.ResponseWriter, err error) {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		writeMessage(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", "5")
		writeMessage(w, http.StatusServiceUnavailable, "Service Unavailable")
	case errors.Is(err, os.ErrDeadlineExceeded):
		writeMessage(w, http.StatusRequestTimeout, "Request Timeout")
	default:
		writeMessage(w, http.StatusBadRequest, "Bad Request")
	}
}
