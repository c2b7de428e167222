package directory_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"gen3d/local/directory"
)

func (s served) refresh(t testing.TB, client, text string) (answer, map[string]any) {
	t.Helper()
	got := s.do(t, http.MethodPost, s.issuer+"/token", url.Values{
		"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {text},
	}, nil)
	var body map[string]any
	if err := json.Unmarshal([]byte(got.body), &body); err != nil {
		t.Fatal(err)
	}
	return got, body
}

func TestRefreshReturnsNewTokensOfTheSameSignIn(t *testing.T) {
	s := serve(t, t.TempDir())
	first := s.signIn(t)
	s.clock.advance(2 * time.Hour)
	got, body := s.refresh(t, clientID, first.RefreshToken)
	if got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	fresh := s.verified(t, body["access_token"].(string), &oidc.Config{SkipClientIDCheck: true})
	if fresh["sub"] != "testuser001" || fresh["scope"] != "openid email" || fresh["token_use"] != "access" {
		t.Errorf("fresh token: %v", fresh)
	}
	if signedIn, issued := fresh["auth_time"].(float64), fresh["iat"].(float64); issued-signedIn < 7000 {
		t.Errorf("auth_time %v moved with iat %v", signedIn, issued)
	}
	id := s.verified(t, body["id_token"].(string), &oidc.Config{ClientID: clientID})
	if _, has := id["nonce"]; has {
		t.Error("a refreshed ID token repeats a nonce")
	}
	for name, try := range map[string][2]string{
		"another client":  {"another", first.RefreshToken},
		"an access token": {clientID, first.AccessToken},
		"tampered":        {clientID, first.RefreshToken[:len(first.RefreshToken)-4] + "AAAA"},
		"empty":           {clientID, ""},
	} {
		if got, body := s.refresh(t, try[0], try[1]); got.status != http.StatusBadRequest || body["error"] != "invalid_grant" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	s.clock.advance(31 * 24 * time.Hour)
	if got, _ := s.refresh(t, clientID, first.RefreshToken); got.status != http.StatusBadRequest {
		t.Errorf("after 31 days: %d", got.status)
	}
}

func TestTokensSurviveARestart(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "directory")
	before := serve(t, folder)
	signed := before.signIn(t)
	keys := before.do(t, http.MethodGet, before.issuer+"/.well-known/jwks.json", nil, nil).body

	after := serveAt(t, folder, &before)
	if now := after.do(t, http.MethodGet, after.issuer+"/.well-known/jwks.json", nil, nil).body; now != keys {
		t.Error("the keys changed")
	}
	if strings.Contains(keys, `"d":`) {
		t.Error("the private key is published")
	}
	if got, _ := after.refresh(t, clientID, signed.RefreshToken); got.status != http.StatusOK {
		t.Errorf("refreshing after a restart: %d %s", got.status, got.body)
	}
}

func TestSigningKeyModeAndErrors(t *testing.T) {
	folder := t.TempDir()
	serve(t, folder)
	path := filepath.Join(folder, "signing-key.pem")
	mode := func() os.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	if mode() != 0o600 {
		t.Errorf("mode %o, want 600", mode())
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	serve(t, folder)
	if mode() != 0o600 {
		t.Errorf("mode after a second start %o, want 600", mode())
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 1 {
		t.Errorf("the folder contains %v (%v), want only the key", left, err)
	}
	for _, broken := range []string{"", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := directory.New(directory.Config{
			Issuer: "http://127.0.0.1:1/oidc", PoolID: poolID, Folder: folder, Clients: []directory.Client{{ID: "x"}},
		})
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "delete it") {
			t.Errorf("a key file of %q: %v", broken, err)
		}
	}
}

func TestLogoutRedirectsToRegisteredURIsOnly(t *testing.T) {
	s := serve(t, t.TempDir())
	hint := s.signIn(t).Extra("id_token").(string)
	s.clock.advance(24 * time.Hour)
	for name, test := range map[string]struct {
		query url.Values
		want  string
	}{
		"Cognito's parameters":    {url.Values{"client_id": {clientID}, "logout_uri": {signedUp}}, signedUp},
		"an old ID token as hint": {url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {signedUp}, "state": {"x"}}, signedUp + "?state=x"},
		"nowhere to go":           {url.Values{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.do(t, http.MethodGet, s.issuer+"/logout?"+test.query.Encode(), nil, nil)
			if got.header.Get("Location") != test.want {
				t.Errorf("to %q, want %q", got.header.Get("Location"), test.want)
			}
			if test.want == "" && (got.status != http.StatusOK || !strings.Contains(got.body, "Signed out")) {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	for name, query := range map[string]url.Values{
		"other address":         {"client_id": {clientID}, "logout_uri": {"http://evil.test/"}},
		"other client's":        {"client_id": {"another"}, "logout_uri": {signedUp}},
		"no client":             {"logout_uri": {signedUp}},
		"forged hint":           {"id_token_hint": {hint[:len(hint)-6] + "AAAAAA"}, "post_logout_redirect_uri": {signedUp}},
		"another client's hint": {"id_token_hint": {hint}, "client_id": {"another"}, "post_logout_redirect_uri": {signedUp}},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.do(t, http.MethodGet, s.issuer+"/logout?"+query.Encode(), nil, nil)
			if got.status != http.StatusBadRequest || got.header.Get("Location") != "" {
				t.Errorf("%d to %q", got.status, got.header.Get("Location"))
			}
		})
	}
}

func TestNewReportsEveryProblem(t *testing.T) {
	_, err := directory.New(directory.Config{
		Issuer:  "127.0.0.1:8080/oidc",
		Clients: []directory.Client{{RedirectURIs: []string{"/callback"}}},
	})
	if err == nil {
		t.Fatal("an invalid configuration was accepted")
	}
	for _, want := range []string{"issuer", "user pool id", "folder", "client has no id", "/callback"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
}
