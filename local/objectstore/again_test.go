package objectstore_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

// A form makes its object once. The same file again is the retry of a browser that has lost the answer.
func TestAFormPostedAgainKeepsTheFirstFile(t *testing.T) {
	w := newWorld(t)
	key := "users/u/input/j/photo.jpg"
	form := w.presign(postPolicy{key: key})
	if status, _, text := w.post(form, nil, []byte("the first")); status != http.StatusNoContent {
		t.Fatalf("posting: %d %s", status, text)
	}
	first := w.nextEvent()
	status, _, text := w.post(form, nil, []byte("another.."))
	if status != http.StatusPreconditionFailed || !strings.Contains(text, "<Code>PreconditionFailed</Code>") || !strings.Contains(text, "Submit the photo again") {
		t.Errorf("another file got %d %s", status, text)
	}
	status, header, text := w.post(form, nil, []byte("the first"))
	if status != http.StatusNoContent || strings.Trim(header.Get("ETag"), `"`) != first.etag {
		t.Errorf("the same file again got %d %s with ETag %s", status, text, header.Get("ETag"))
	}
	if body, _ := w.get(key); body != "the first" {
		t.Errorf("the object is %q", body)
	}
	w.noEvent()
}

func TestOneOfManyConcurrentPostsOfAFormWins(t *testing.T) {
	w := newWorld(t)
	key := "users/u/input/j/photo.jpg"
	form := w.presign(postPolicy{key: key})
	files := []string{"file a", "file b", "file c"}
	statuses := make([]map[int]int, len(files))
	var all sync.WaitGroup
	var mu sync.Mutex
	for i, file := range files {
		statuses[i] = map[int]int{}
		for range 4 {
			all.Go(func() {
				status, _, _ := w.post(form, nil, []byte(file))
				mu.Lock()
				defer mu.Unlock()
				statuses[i][status]++
			})
		}
	}
	all.Wait()
	kept, _ := w.get(key)
	for i, file := range files {
		want := http.StatusPreconditionFailed
		if file == kept {
			want = http.StatusNoContent
		}
		if statuses[i][want] != 4 {
			t.Errorf("%q is kept and %q got %v", kept, file, statuses[i])
		}
	}
	if e := w.nextEvent(); e.size != 6 {
		t.Errorf("unexpected event %+v", e)
	}
	w.noEvent()
}
