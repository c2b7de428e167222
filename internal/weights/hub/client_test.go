package hub_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

func TestTokenIsSentToTheHubOnly(t *testing.T) {
	h := hubtest.New(t)
	h.Token, h.Granted, h.Gated[model] = "hf_right", true, true
	h.Add(model, commit, hubtest.File{Path: "big.ckpt", Size: 1000, LFS: true}, hubtest.File{Path: "small.yaml", Text: "a: b"})
	c, _ := client(t, hub.Config{URL: h.URL, Token: "hf_right"})
	for _, path := range []string{"big.ckpt", "small.yaml"} {
		e := entry(t, c, path)
		buf := make([]byte, e.Size)
		if err := c.File(model, commit, e).Fetch(t.Context(), buf, 0); err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(buf); hex.EncodeToString(sum[:]) != h.SHA256(model, path) {
			t.Errorf("%s has other bytes", path)
		}
	}
	stored := 0
	for _, r := range h.Requests() {
		if want := "Bearer hf_right"; !r.Storage && r.Authorization != want {
			t.Errorf("the hub was asked for %s with authorization %q", r.Path, r.Authorization)
		}
		if r.Storage {
			stored++
			if r.Authorization != "" {
				t.Errorf("the storage, another port of the same host, was shown the token")
			}
		}
	}
	if stored == 0 {
		t.Error("nothing came from the storage")
	}
}

func TestNewRefusesTokensOverPlainHTTP(t *testing.T) {
	if _, err := hub.New(hub.Config{URL: "http://mirror.example", Token: "hf_secret"}); err == nil || !strings.Contains(err.Error(), "https") || strings.Contains(err.Error(), "hf_secret") {
		t.Errorf("the error is %v", err)
	}
	if _, err := hub.New(hub.Config{URL: "https://mirror.example", Token: "hf_se\ncret"}); err == nil || strings.Contains(err.Error(), "cret") {
		t.Errorf("the error of a broken token is %v", err)
	}
	for _, address := range []string{"mirror.example", "ftp://mirror.example", "https://", "https://a/?b=c"} {
		if _, err := hub.New(hub.Config{URL: address}); err == nil {
			t.Errorf("%q was accepted as a hub", address)
		}
	}
}

func TestRefusalsSayHowToFixThem(t *testing.T) {
	for name, test := range map[string]struct {
		token   string
		prepare func(*hubtest.Hub)
		reason  hub.Reason
		says    []string
	}{
		"gated, no token": {"", func(h *hubtest.Hub) { h.Gated[model] = true }, hub.NoToken,
			[]string{model + " is gated", "HF_TOKEN", "huggingface.co/settings/tokens", "/" + model}},
		"gated, not asked for": {"hf_right", func(h *hubtest.Hub) { h.Gated[model] = true }, hub.NotGranted,
			[]string{"no access to " + model, "ask for it at", "/" + model, "days"}},
		"gated, not granted yet": {"hf_right", func(h *hubtest.Hub) {
			h.Gated[model], h.Message = true, "Your request to access model "+model+" is awaiting a review from the repo authors."
		}, hub.NotGranted, []string{"not been granted yet", "days", "run the same command"}},
		"gated, refused": {"hf_right", func(h *hubtest.Hub) {
			h.Gated[model], h.Message = true, "Your request to access model "+model+" has been rejected by the repo's authors."
		}, hub.NotGranted, []string{"have refused access"}},
		"token refused": {"hf_wrong", nil, hub.TokenRefused, []string{"refuses the token", "huggingface.co/settings/tokens"}},
		"token that may not": {"hf_right", func(h *hubtest.Hub) {
			h.Fault = func(w http.ResponseWriter, _ *http.Request, _ bool) bool {
				hubtest.Refuse(w, http.StatusForbidden, "", "Please enable access to public gated repositories in your fine-grained token settings\nto view this repository.")
				return true
			}
		}, hub.NotGranted, []string{"fine-grained", "token settings to view"}},
		"no such repository": {"hf_right", func(h *hubtest.Hub) {
			h.Fault = func(w http.ResponseWriter, _ *http.Request, _ bool) bool {
				hubtest.Refuse(w, http.StatusNotFound, "RepoNotFound", "Repository not found")
				return true
			}
		}, hub.NotFound, []string{"no repository " + model, "renamed", "--sources"}},
		"renamed": {"", func(h *hubtest.Hub) { h.Renamed[model] = "meta/sam" }, hub.Renamed, []string{model, "meta/sam", "--sources"}},
		"fails permanently": {"", func(h *hubtest.Hub) {
			h.Fault = func(w http.ResponseWriter, _ *http.Request, _ bool) bool {
				http.Error(w, "oh", http.StatusBadGateway)
				return true
			}
		}, hub.Failing, []string{"502", "later"}},
		"limited too long": {"", func(h *hubtest.Hub) {
			h.Fault = func(w http.ResponseWriter, _ *http.Request, _ bool) bool {
				w.Header().Set("Retry-After", "86400")
				http.Error(w, "oh", http.StatusTooManyRequests)
				return true
			}
		}, hub.RateLimited, []string{"rate limit", "24h0m0s"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := hubtest.New(t)
			h.Token = "hf_right"
			h.Add(model, commit, hubtest.File{Path: "a.ckpt", Size: 10, LFS: true})
			if test.prepare != nil {
				test.prepare(h)
			}
			c, _ := client(t, hub.Config{URL: h.URL, Token: test.token})
			err := func() error {
				at, err := c.Commit(t.Context(), model, "main")
				if err != nil {
					return err
				}
				return c.File(model, at, hub.Entry{Path: "a.ckpt", Size: 10}).Check(t.Context(), "")
			}()
			if reason(err) != test.reason {
				t.Fatalf("the error is %v, want one for %s", err, test.reason)
			}
			for _, says := range test.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q does not say %q", err, says)
				}
			}
			if test.token != "" && strings.Contains(err.Error(), test.token) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is %q", err)
			}
		})
	}
}

func TestErrorsNameMissingRevisionFolderAndFile(t *testing.T) {
	h := hubtest.New(t)
	h.Add(model, commit, hubtest.File{Path: "a.ckpt", Size: 10, LFS: true})
	c, _ := client(t, hub.Config{URL: h.URL})
	_, unknown := c.Commit(t.Context(), model, "v9/x")
	_, folder := c.Tree(t.Context(), model, commit, "nowhere/at all")
	file := c.File(model, commit, hub.Entry{Path: "b.ckpt"}).Check(t.Context(), "")
	for says, err := range map[string]error{"no revision v9/x": unknown, "no nowhere/at all": folder, "no b.ckpt": file} {
		if reason(err) != hub.NotFound || !strings.Contains(err.Error(), says) {
			t.Errorf("the error is %v; it should say %q", err, says)
		}
	}
}

func TestClientWaitsForTheRateLimit(t *testing.T) {
	for name, test := range map[string]struct {
		header, value string
		want          time.Duration
	}{
		"seconds":   {"Retry-After", "7", 7 * time.Second},
		"RateLimit": {"RateLimit", `"api";r=0;t=55`, 55 * time.Second},
		"unsaid":    {"X-None", "1", time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			h := hubtest.New(t)
			h.Add(model, commit, hubtest.File{Path: "a.ckpt", Size: 10, LFS: true})
			var limited atomic.Int32
			h.Fault = func(w http.ResponseWriter, _ *http.Request, _ bool) bool {
				if limited.Add(1) > 2 {
					return false
				}
				w.Header().Set(test.header, test.value)
				w.WriteHeader(http.StatusTooManyRequests)
				return true
			}
			var notices []string
			c, w := client(t, hub.Config{URL: h.URL, Notice: func(line string) { notices = append(notices, line) }})
			if _, err := c.Commit(t.Context(), model, "main"); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(w.times, []time.Duration{test.want, test.want}) {
				t.Errorf("it waited %v, want twice %v", w.times, test.want)
			}
			if len(notices) != 2 || !strings.Contains(notices[0], test.want.String()) {
				t.Errorf("the notices are %q", notices)
			}
		})
	}
}

func TestRetryAfterMayBeADate(t *testing.T) {
	h := hubtest.New(t)
	h.Add(model, commit, hubtest.File{Path: "a.ckpt", Size: 10, LFS: true})
	var limited atomic.Bool
	h.Fault = func(w http.ResponseWriter, _ *http.Request, _ bool) bool {
		if !limited.CompareAndSwap(false, true) {
			return false
		}
		w.Header().Set("Retry-After", time.Now().Add(5*time.Minute).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}
	c, w := client(t, hub.Config{URL: h.URL})
	if _, err := c.Commit(t.Context(), model, "main"); err != nil {
		t.Fatal(err)
	}
	if len(w.times) != 1 || w.times[0] < 4*time.Minute || w.times[0] > 6*time.Minute {
		t.Errorf("it waited %v, want about 5 minutes", w.times)
	}
}

func TestTemporaryFailuresAreRetriedWithBackoff(t *testing.T) {
	h := hubtest.New(t)
	h.Add(model, commit, hubtest.File{Path: "a.ckpt", Size: 10, LFS: true})
	var asked atomic.Int32
	h.Fault = func(w http.ResponseWriter, _ *http.Request, _ bool) bool {
		switch n := asked.Add(1); {
		case n > 5:
			return false
		case n%2 == 1:
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	c, w := client(t, hub.Config{URL: h.URL})
	if _, err := c.Commit(t.Context(), model, "main"); err != nil {
		t.Fatal(err)
	}
	// net/http itself repeats some requests whose connection ended.
	if n := len(w.times); n < 3 || w.times[n-1] <= w.times[0] {
		t.Errorf("the pauses are %v", w.times)
	}
}

func TestFetchResumesAfterCutsAndExpiredLinks(t *testing.T) {
	h := hubtest.New(t)
	const size = 300_000
	h.Add(model, commit, hubtest.File{Path: "ein großes+file.ckpt", Size: size, LFS: true})
	h.Cut = 70_000
	expired := map[string]bool{}
	h.Fault = func(w http.ResponseWriter, r *http.Request, storage bool) bool {
		// Each link is valid for two responses.
		link := r.URL.RawQuery
		if storage && expired[link+"."] {
			w.WriteHeader(http.StatusForbidden)
			return true
		}
		if storage && expired[link] {
			expired[link+"."] = true
		}
		expired[link] = storage
		return false
	}
	c, _ := client(t, hub.Config{URL: h.URL})
	e := entry(t, c, "ein großes+file.ckpt")
	file := c.File(model, commit, e)
	got := make([]byte, size)
	if err := file.Fetch(t.Context(), got[:size/2+1], 0); err != nil {
		t.Fatal(err)
	}
	if err := file.Fetch(t.Context(), got[size/2+1:], size/2+1); err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(got); hex.EncodeToString(sum[:]) != h.SHA256(model, e.Path) {
		t.Error("the bytes differ")
	}
	if h.Served() != size {
		t.Errorf("%d bytes were served for a file of %d: some were served twice", h.Served(), size)
	}
}

func TestStorageWithoutRangesIsReadInOrder(t *testing.T) {
	h := hubtest.New(t)
	const size = 100_000
	h.Add(model, commit, hubtest.File{Path: "a.ckpt", Size: size, LFS: true})
	h.NoRanges = true
	c, _ := client(t, hub.Config{URL: h.URL})
	file := c.File(model, commit, entry(t, c, "a.ckpt"))
	defer file.Close()
	whole := make([]byte, size)
	if err := file.Fetch(t.Context(), whole, 0); err != nil {
		t.Fatalf("all of it at once: %v", err)
	}
	if err := file.Fetch(t.Context(), make([]byte, 10), 0); !errors.Is(err, hub.ErrNoRanges) {
		t.Fatalf("a range: %v", err)
	}
	cut := 1
	h.Change(func(h *hubtest.Hub) {
		h.Fault = func(http.ResponseWriter, *http.Request, bool) bool {
			h.Change(func(h *hubtest.Hub) {
				h.Cut = 0
				if cut--; cut == 0 {
					h.Cut = 60_000 // inside the second piece
				}
			})
			return false
		}
	})
	for _, piece := range [][2]int64{{10, 40_000}, {50_000, 80_000}, {80_000, size}} {
		got := make([]byte, piece[1]-piece[0])
		if err := file.FetchInOrder(t.Context(), got, piece[0]); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, whole[piece[0]:piece[1]]) {
			t.Errorf("bytes %v differ", piece)
		}
	}
}

func TestStalledConnectionIsRetried(t *testing.T) {
	h := hubtest.New(t)
	h.Add(model, commit, hubtest.File{Path: "a.ckpt", Size: 1000, LFS: true})
	hung := make(chan struct{})
	var once sync.Once
	h.Fault = func(w http.ResponseWriter, r *http.Request, storage bool) bool {
		first := false
		if storage {
			once.Do(func() { first = true })
		}
		if !first {
			return false
		}
		w.Header().Set("Content-Range", "bytes 0-999/1000")
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusPartialContent)
		_ = http.NewResponseController(w).Flush() // then no data follows
		<-r.Context().Done()
		close(hung)
		return true
	}
	c, w := client(t, hub.Config{URL: h.URL, Stall: 50 * time.Millisecond})
	got := make([]byte, 1000)
	if err := c.File(model, commit, entry(t, c, "a.ckpt")).Fetch(t.Context(), got, 0); err != nil {
		t.Fatal(err)
	}
	<-hung
	if sum := sha256.Sum256(got); hex.EncodeToString(sum[:]) != h.SHA256(model, "a.ckpt") || len(w.times) != 1 {
		t.Errorf("after %d attempts the bytes are wrong", len(w.times)+1)
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

func TestCanceledContextStopsFetch(t *testing.T) {
	h := hubtest.New(t)
	h.Add(model, commit, hubtest.File{Path: "a.ckpt", Size: 1 << 20, LFS: true})
	h.Rate = 1000
	c, _ := client(t, hub.Config{URL: h.URL})
	file := c.File(model, commit, entry(t, c, "a.ckpt"))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := file.Fetch(ctx, make([]byte, 1<<20), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
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
