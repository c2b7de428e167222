package api_test

import (
	"compress/gzip"
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

// Go's client decompresses what it has asked for itself, so the tests name the
// coding.
func (w *world) getEncoded(coding string) *http.Response {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.url+"/api/jobs", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+w.user)
	request.Header.Set("Accept-Encoding", coding)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestLongAnswersAreCompressedForClientsThatAcceptIt(t *testing.T) {
	w := newWorld(t)
	if response := w.getEncoded("gzip"); response.Header.Get("Content-Encoding") != "" {
		t.Error("a short answer is compressed")
	}
	const jobs = 3
	for i := range jobs {
		id := newID(t, time.Now().Add(time.Duration(-i)*time.Minute))
		w.succeed(w.manifest(id, w.ref(id).PhotoKey("x", ".jpg"), "x.jpg"), 1, nil)
	}
	for _, coding := range []string{"identity", "br", "gzip;q=0", "gzip; q=0.0", ""} {
		response := w.getEncoded(coding)
		var list jobList
		if err := json.NewDecoder(response.Body).Decode(&list); err != nil || len(list.Jobs) != jobs {
			t.Errorf("%q: the answer has %d jobs, %v", coding, len(list.Jobs), err)
		}
		if response.Header.Get("Vary") != "accept-encoding" {
			t.Errorf("%q: the headers are %v", coding, response.Header)
		}
	}
	for _, coding := range []string{"gzip", "br, GZIP;q=0.5", "deflate,gzip"} {
		response := w.getEncoded(coding)
		plain, err := gzip.NewReader(response.Body)
		if err != nil || response.Header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("%q: %v, %v", coding, err, response.Header)
		}
		var list jobList
		if err := json.NewDecoder(plain).Decode(&list); err != nil || len(list.Jobs) != jobs {
			t.Errorf("%q: the answer has %d jobs, %v", coding, len(list.Jobs), err)
		}
	}
}
