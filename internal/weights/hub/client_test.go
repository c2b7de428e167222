package hub_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gen3d/internal/weights/hub"
	"gen3d/tests/support/hubtest"
)

const (
	commit = "0123456789abcdef0123456789abcdef01234567"
	model  = "facebook/sam-3d-objects"
)

// waits records the client's waits without waiting.
type waits struct {
	mu    sync.Mutex
	times []time.Duration
}

func (w *waits) wait(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.times = append(w.times, d)
	return ctx.Err()
}

func client(t *testing.T, cfg hub.Config) (*hub.Client, *waits) {
	t.Helper()
	w := &waits{}
	cfg.Wait = w.wait
	c, err := hub.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c, w
}

// entry returns a file of the tree.
func entry(t *testing.T, c *hub.Client, path string) hub.Entry {
	t.Helper()
	tree, err := c.Tree(t.Context(), model, commit, "")
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(tree, func(e hub.Entry) bool { return e.Path == path })
	if at < 0 {
		t.Fatalf("the tree has no %s: %v", path, tree)
	}
	return tree[at]
}

func reason(err error) hub.Reason {
	var refusal *hub.Refusal
	if errors.As(err, &refusal) {
		return refusal.Reason
	}
	return ""
}

func TestTreeListsAllPagesWithDigests(t *testing.T) {
	h := hubtest.New(t)
	h.PageSize = 2
	h.Add(model, commit,
		hubtest.File{Path: "README.md", Text: "hello"},
		hubtest.File{Path: "checkpoints/a b+c.ckpt", Size: 5000, LFS: true},
		hubtest.File{Path: "checkpoints/tief/größe.yaml", Text: "x: 1"},
		hubtest.File{Path: "checkpoints/empty.yaml"},
	)
	c, _ := client(t, hub.Config{URL: h.URL})
	at, err := c.Commit(t.Context(), model, "main")
	if err != nil || at != commit {
		t.Fatalf("main is at %q (%v), want %s", at, err, commit)
	}
	tree, err := c.Tree(t.Context(), model, commit, "checkpoints")
	if err != nil {
		t.Fatal(err)
	}
	want := []hub.Entry{
		{Path: "checkpoints/a b+c.ckpt", Size: 5000, SHA256: h.SHA256(model, "checkpoints/a b+c.ckpt"), GitOID: strings.Repeat("a", 40)},
		// As printed by git hash-object --stdin.
		{Path: "checkpoints/tief/größe.yaml", Size: 4, GitOID: "275acfb529ba97c4632c06b94404d63eab9e1a41"},
		{Path: "checkpoints/empty.yaml", Size: 0, GitOID: "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"},
	}
	if !slices.Equal(tree, want) {
		t.Errorf("the tree is %+v, want %+v", tree, want)
	}
}

func TestCommitIsTheOneAskedFor(t *testing.T) {
	h := hubtest.New(t)
	h.Add(model, commit, hubtest.File{Path: "model.pt", Size: 10})
	c, _ := client(t, hub.Config{URL: h.URL})
	if at, err := c.Commit(t.Context(), model, commit); err != nil || at != commit {
		t.Errorf("the commit %s is at %q (%v)", commit, at, err)
	}
	other := strings.Repeat("d1", 20)
	h.Change(func(h *hubtest.Hub) {
		h.Fault = func(w http.ResponseWriter, _ *http.Request, _ bool) bool {
			_, _ = io.WriteString(w, `{"id":"`+model+`","sha":"`+other+`"}`)
			return true
		}
	})
	if at, err := c.Commit(t.Context(), model, commit); err == nil || !strings.Contains(err.Error(), other) {
		t.Errorf("an answer with another commit gives %q and the error %v", at, err)
	}
}

func TestFileThatDiffersFromTheListIsRefused(t *testing.T) {
	h := hubtest.New(t)
	h.Add(model, commit, hubtest.File{Path: "a.ckpt", Size: 1000, LFS: true})
	c, _ := client(t, hub.Config{URL: h.URL})
	good := entry(t, c, "a.ckpt")
	other, longer := good, good
	other.SHA256, longer.Size = strings.Repeat("0", 64), 1001
	if err := c.File(model, commit, other).Check(t.Context(), other.SHA256); reason(err) != hub.Altered {
		t.Errorf("another digest: %v", err)
	}
	if err := c.File(model, commit, longer).Fetch(t.Context(), make([]byte, 10), 0); reason(err) != hub.Altered {
		t.Errorf("another size: %v", err)
	}
}

func TestInvalidTreesAreRefused(t *testing.T) {
	digest := strings.Repeat("0", 40)
	for name, body := range map[string]string{
		"a page":         "<html>",
		"outside":        `[{"type":"file","path":"../a","size":1,"oid":"` + digest + `"}]`,
		"absolute":       `[{"type":"file","path":"/a","size":1,"oid":"` + digest + `"}]`,
		"line break":     `[{"type":"file","path":"a\nb","size":1,"oid":"` + digest + `"}]`,
		"negative":       `[{"type":"file","path":"a","size":-1,"oid":"` + digest + `"}]`,
		"no digest":      `[{"type":"file","path":"a","size":1}]`,
		"no LFS digest":  `[{"type":"file","path":"a","size":1,"oid":"` + digest + `","lfs":{"oid":"x","size":1}}]`,
		"another object": `{"error":"x"}`,
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }))
			defer server.Close()
			c, _ := client(t, hub.Config{URL: server.URL})
			if tree, err := c.Tree(t.Context(), model, commit, ""); err == nil {
				t.Errorf("the tree is %v", tree)
			}
		})
	}
}

// FuzzTree lists pages with arbitrary contents and links.
func FuzzTree(f *testing.F) {
	f.Add(`[{"type":"file","path":"a","size":1,"oid":"`+strings.Repeat("0", 40)+`"}]`, `<https://huggingface.co/x?cursor=1>; rel="next"`)
	f.Add(`[{"type":"directory","path":"a"}]`, `<a>; rel=prev, <b?c=d>;rel=next`)
	f.Add(`[]`, `<<>>;;=,`)
	f.Fuzz(func(t *testing.T, body, link string) {
		pages := 0
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			if pages++; pages < 3 {
				w.Header()["Link"] = []string{link}
			}
			_, _ = w.WriteString(body) // never fails
			if r.URL.Host != "hub.example" {
				t.Errorf("%s was asked", r.URL)
			}
			return w.Result(), nil
		})
		c, err := hub.New(hub.Config{URL: "https://hub.example", Transport: transport, Wait: func(context.Context, time.Duration) error { return nil }})
		if err != nil {
			t.Fatal(err)
		}
		tree, err := c.Tree(t.Context(), model, commit, "")
		if err != nil {
			return
		}
		for _, e := range tree {
			if e.Size < 0 || strings.HasPrefix(e.Path, "/") || strings.Contains("/"+e.Path+"/", "/../") {
				t.Errorf("%+v was accepted", e)
			}
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
