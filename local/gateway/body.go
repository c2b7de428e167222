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
	// smallBody is more than any body that the API accepts. Larger ones, which it
	// only refuses, are held in memory maxLarge at once.
	smallBody = 256 << 10
	maxLarge  = 4
)

// errBusy says that as many large bodies are held as may be at once.
var errBusy = errors.New("there are too many large requests at once")

// largeBodies counts the bodies over smallBody that are in memory.
type largeBodies struct{ held atomic.Int32 }

// read takes the body of a request. release is called when neither the body nor
// anything made of it is needed any longer.
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
	if l.held.Add(1) > maxLarge {
		l.held.Add(-1)
		return nil, nil, errBusy
	}
	release = func() { l.held.Add(-1) }
	rest, err := io.ReadAll(body)
	if err != nil {
		release()
		return nil, nil, err
	}
	return bytes.Join([][]byte{data, rest}, nil), release, nil
}

// refuseBody answers a request whose body was not taken.
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
