package hub_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"gen3d/internal/weights/hub"
	"gen3d/tests/support/hubtest"
)

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
