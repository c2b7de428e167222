// Package hubtest stands in for Hugging Face over HTTP, with generated files:
// an API with pages, URLs that redirect to storage on another port, gated
// repositories, tokens, and injected faults.
package hubtest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"gen3d/internal/weights"
)

// File is a file of a repository.
type File struct {
	Path string
	Size int64  // bytes, of generated content
	Text string // the content, if it matters
	LFS  bool   // stored outside git, with a SHA-256
}

// Pinned returns the commit of a repository that gen3d uses.
func Pinned(name string) string {
	for _, r := range weights.BuiltIn().Repositories {
		if r.Name == name {
			return r.Revision
		}
	}
	panic("hubtest: " + name + " is not in sources.json")
}

// Request is a request to the hub or its storage.
type Request struct {
	Storage       bool // else the hub
	Method, Path  string
	Authorization string
	Range         string
}

// Fault is called before each response, and returns true if it has written one.
type Fault func(w http.ResponseWriter, r *http.Request, storage bool) bool

// Hub is the stand-in. Set its exported fields before the first request, or in
// [Hub.Change].
type Hub struct {
	URL     string // of the API
	Storage string // target of the redirects

	Token    string            // the only valid one; empty: any
	Granted  bool              // whether that token's account may read gated repositories
	Message  string            // of a refusal to read a gated repository
	Gated    map[string]bool   // repositories
	Renamed  map[string]string // repositories, and their new names
	PageSize int
	NoRanges bool  // the storage ignores ranges
	Rate     int64 // bytes per second of each response of the storage; 0: unlimited
	Cut      int64 // each response of the storage is cut after so many bytes; 0: none is
	Fault    Fault

	mu       sync.Mutex
	repos    map[string]*repository
	requests []Request
	served   map[string]int64
	links    int
}

type repository struct {
	commit string
	files  []*stored
}

type stored struct {
	File
	content  *content
	sum, oid string
	wrong    bool
}

// New starts a hub without repositories, which is closed at the end of the
// test.
func New(t testing.TB) *Hub {
	t.Helper()
	h := &Hub{
		PageSize: 1000, Gated: map[string]bool{}, Renamed: map[string]string{},
		repos: map[string]*repository{}, served: map[string]int64{},
	}
	api := httptest.NewServer(http.HandlerFunc(h.api))
	storage := httptest.NewServer(http.HandlerFunc(h.storage))
	t.Cleanup(func() {
		api.CloseClientConnections()
		storage.CloseClientConnections()
		api.Close()
		storage.Close()
	})
	h.URL, h.Storage = api.URL, storage.URL
	return h
}

// Add adds a repository, or replaces it, with a commit (40 hexadecimal digits).
func (h *Hub) Add(name, commit string, files ...File) {
	repo := &repository{commit: commit}
	for _, f := range files {
		c := newContent(name+"/"+f.Path+"@"+commit, f.Size)
		if f.Text != "" {
			c.fixed, c.size, f.Size = []byte(f.Text), int64(len(f.Text)), int64(len(f.Text))
		}
		s := &stored{File: f, content: c}
		s.sum, s.oid = c.digests()
		repo.files = append(repo.files, s)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.repos[name] = repo
}

// Change sets fields while requests may be in progress.
func (h *Hub) Change(change func(*Hub)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h)
}

// Corrupt sets whether the storage serves bytes of a file that do not match its
// digest.
func (h *Hub) Corrupt(name, path string, wrong bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.repos[name].files {
		if f.Path == path {
			f.wrong = wrong
			return
		}
	}
	panic("no such file: " + path)
}

// SHA256 returns the digest of a file's right content.
func (h *Hub) SHA256(name, path string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.repos[name].files {
		if f.Path == path {
			return f.sum
		}
	}
	panic("no such file: " + path)
}

// Requests returns the requests so far.
func (h *Hub) Requests() []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.requests)
}

// Served returns how many bytes of files were sent.
func (h *Hub) Served() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	var sum int64
	for _, n := range h.served {
		sum += n
	}
	return sum
}

// Forget resets Requests and Served.
func (h *Hub) Forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = nil
	clear(h.served)
}
