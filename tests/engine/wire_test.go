package engine

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// request is a recorded request of a function to AWS.
type request struct {
	path   string
	header http.Header
	body   []byte
}

// wire is a reverse proxy to the emulator that records the requests of the
// functions.
type wire struct {
	*httptest.Server
	mu   sync.Mutex
	seen []request
}

func newWire(t *testing.T, emulator string) *wire {
	t.Helper()
	to, err := url.Parse(emulator)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{}
	proxy := httputil.NewSingleHostReverseProxy(to)
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(rw, "reading the request failed", http.StatusBadRequest)
			return
		}
		w.mu.Lock()
		w.seen = append(w.seen, request{r.URL.Path, r.Header.Clone(), body})
		w.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.Close)
	return w
}

// to returns the requests whose path has the suffix.
func (w *wire) to(suffix string) []request {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []request
	for _, r := range w.seen {
		if strings.HasSuffix(r.path, suffix) {
			found = append(found, r)
		}
	}
	return found
}
