package hub_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gen3d/internal/weights/hub"
	"gen3d/tests/support/hubtest"
)

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

// Access ends while two parts of a file are fetched. The link of the part that
// was located first, which arrives late, must not be used for the other part's
// last attempt: the storage does not say why it refuses.
func TestLostAccessIsReportedToEachPart(t *testing.T) {
	h := hubtest.New(t)
	h.Token, h.Granted, h.Gated[model] = "hf_right", true, true
	h.Add(model, commit, hubtest.File{Path: "a.ckpt", Size: 1000, LFS: true})
	c, _ := client(t, hub.Config{URL: h.URL, Token: "hf_right"})
	file := c.File(model, commit, entry(t, c, "a.ckpt"))
	asked, used, usedToo, done := make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan struct{})
	var heads, gets atomic.Int64
	h.Fault = func(w http.ResponseWriter, _ *http.Request, storage bool) bool {
		if !storage {
			if heads.Add(1) == 1 {
				close(asked)
				<-used
			}
			return false
		}
		switch gets.Add(1) {
		case 1:
			close(used)
			<-usedToo
		case 2:
			h.Change(func(h *hubtest.Hub) { h.Granted = false })
			close(usedToo)
			<-done
		}
		w.WriteHeader(http.StatusForbidden)
		return true
	}
	slow := make(chan error)
	go func() { slow <- file.Fetch(t.Context(), make([]byte, 500), 0) }()
	<-asked
	err := file.Fetch(t.Context(), make([]byte, 500), 500)
	if reason(err) != hub.NotGranted {
		t.Errorf("the part that was located last: %v", err)
	}
	close(done)
	if err := <-slow; reason(err) != hub.NotGranted {
		t.Errorf("the part that was located first: %v", err)
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
	patient, _ := client(t, hub.Config{URL: h.URL})
	listed := entry(t, patient, "a.ckpt")
	c, w := client(t, hub.Config{URL: h.URL, Stall: 50 * time.Millisecond})
	got := make([]byte, 1000)
	if err := c.File(model, commit, listed).Fetch(t.Context(), got, 0); err != nil {
		t.Fatal(err)
	}
	<-hung
	// Under load the second attempt can stall too.
	if sum := sha256.Sum256(got); hex.EncodeToString(sum[:]) != h.SHA256(model, "a.ckpt") || len(w.times) == 0 {
		t.Errorf("after %d attempts the bytes are wrong", len(w.times)+1)
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
