package directory_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

func TestCodeFlowReturnsTokensInCognitosFormat(t *testing.T) {
	s := serve(t, t.TempDir())
	exchanged := s.signIn(t)

	id := s.verified(t, exchanged.Extra("id_token").(string), &oidc.Config{ClientID: clientID})
	for name, want := range map[string]any{
		"iss": s.issuer, "sub": "testuser001", "aud": clientID, "token_use": "id", "nonce": "no",
		"email": "testuser001@example.com", "email_verified": true, "cognito:username": "testuser001",
	} {
		if id[name] != want {
			t.Errorf("ID token: %s = %v, want %v", name, id[name], want)
		}
	}
	_, provider := s.oauth(t)
	checked, err := provider.Verifier(&oidc.Config{ClientID: clientID}).Verify(t.Context(), exchanged.Extra("id_token").(string))
	if err != nil {
		t.Fatal(err)
	}
	if err := checked.VerifyAccessToken(exchanged.AccessToken); err != nil {
		t.Errorf("at_hash: %v", err)
	}

	access := s.verified(t, exchanged.AccessToken, &oidc.Config{SkipClientIDCheck: true})
	for name, want := range map[string]any{
		"iss": s.issuer, "sub": "testuser001", "client_id": clientID, "token_use": "access",
		"scope": "openid email", "username": "testuser001",
	} {
		if access[name] != want {
			t.Errorf("access token: %s = %v, want %v", name, access[name], want)
		}
	}
	if _, has := access["aud"]; has {
		t.Error("access token has an aud, which Cognito's lacks")
	}
	if lifetime := access["exp"].(float64) - access["iat"].(float64); lifetime != 3600 {
		t.Errorf("access token is valid for %v s, want 3600", lifetime)
	}
	for _, name := range []string{"jti", "auth_time", "origin_jti"} {
		if access[name] == nil || access[name] == "" {
			t.Errorf("access token has no %s", name)
		}
	}
	if access["jti"] == id["jti"] {
		t.Error("both tokens have one jti")
	}
	if exchanged.TokenType != "Bearer" || time.Until(exchanged.Expiry) < 59*time.Minute {
		t.Errorf("token type %q, expiry %v", exchanged.TokenType, exchanged.Expiry)
	}
}

func TestSignInPageListsUsersWithAStrictPolicy(t *testing.T) {
	s := serve(t, t.TempDir())
	config, _ := s.oauth(t)
	state := `"><script>alert(1)</script>`
	page := s.do(t, http.MethodGet, config.AuthCodeURL(state, oauth2.S256ChallengeOption(oauth2.GenerateVerifier())), nil, nil)
	for _, want := range []string{"testuser001", "testuser002@example.com", "testuser003", "fictitious", "no password", `rel="stylesheet" href="/oidc/style.css"`, "autofocus"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.body, "<script") {
		t.Error("the state reached the page as markup")
	}
	policy := page.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "form-action 'self' http://page.test;", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %q", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q is loose", policy)
	}
	style := s.do(t, http.MethodGet, s.issuer+"/style.css", nil, nil)
	if style.status != http.StatusOK || !strings.HasPrefix(style.header.Get("Content-Type"), "text/css") || !strings.Contains(style.body, "prefers-color-scheme") {
		t.Errorf("style sheet: %d %s", style.status, style.header.Get("Content-Type"))
	}
}

// request returns a valid authorization request, which tests modify.
func request() url.Values {
	return url.Values{
		"client_id": {clientID}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid email"},
		"state": {"kept"}, "code_challenge": {oauth2.S256ChallengeFromVerifier("v")}, "code_challenge_method": {"S256"},
	}
}

func TestNoRedirectToUnregisteredTargets(t *testing.T) {
	s := serve(t, t.TempDir())
	for name, change := range map[string]url.Values{
		"unknown client":     {"client_id": {"unknown"}},
		"no client":          {"client_id": {}},
		"two clients":        {"client_id": {clientID, "another"}},
		"other host":         {"redirect_uri": {"http://evil.test/callback"}},
		"other path":         {"redirect_uri": {callback + "/x"}},
		"final slash":        {"redirect_uri": {callback + "/"}},
		"added query":        {"redirect_uri": {callback + "?a=b"}},
		"user info":          {"redirect_uri": {"http://page.test@evil.test/callback"}},
		"case":               {"redirect_uri": {"http://PAGE.test/callback"}},
		"none":               {"redirect_uri": {}},
		"two redirects":      {"redirect_uri": {callback, "http://evil.test/"}},
		"script":             {"redirect_uri": {"javascript:alert(1)"}},
		"another's redirect": {"client_id": {"another"}, "redirect_uri": {"http://page.test/other?kept=1"}},
	} {
		t.Run(name, func(t *testing.T) {
			query := request()
			maps.Copy(query, change)
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				got := s.do(t, method, s.issuer+"/authorize?"+query.Encode(), url.Values{"user": {"testuser001"}}, nil)
				if got.status != http.StatusBadRequest || got.header.Get("Location") != "" || !strings.Contains(got.body, "Sign-in cannot start") {
					t.Errorf("%s: %d, Location %q", method, got.status, got.header.Get("Location"))
				}
			}
		})
	}
}

func TestInvalidRequestRedirectsWithErrorAndState(t *testing.T) {
	s := serve(t, t.TempDir())
	for name, test := range map[string]struct {
		change url.Values
		want   string
	}{
		"implicit flow":      {url.Values{"response_type": {"token"}}, "unsupported_response_type"},
		"no challenge":       {url.Values{"code_challenge": {}}, "invalid_request"},
		"plain challenge":    {url.Values{"code_challenge_method": {"plain"}}, "invalid_request"},
		"no method":          {url.Values{"code_challenge_method": {}}, "invalid_request"},
		"short challenge":    {url.Values{"code_challenge": {"abc"}}, "invalid_request"},
		"repeated parameter": {url.Values{"scope": {"openid", "email"}}, "invalid_request"},
		"unknown scope":      {url.Values{"scope": {"openid offline_access"}}, "invalid_scope"},
		"no interaction":     {url.Values{"prompt": {"none"}}, "login_required"},
	} {
		t.Run(name, func(t *testing.T) {
			query := request()
			maps.Copy(query, test.change)
			got := s.do(t, http.MethodGet, s.issuer+"/authorize?"+query.Encode(), nil, nil)
			target := location(t, got)
			if got.status != http.StatusSeeOther || target.Host != "page.test" || target.Path != "/callback" {
				t.Fatalf("%d to %q", got.status, target)
			}
			if target.Query().Get("error") != test.want || target.Query().Get("state") != "kept" || target.Query().Has("code") {
				t.Errorf("answer %v, want error %s and the state", target.Query(), test.want)
			}
		})
	}
}

func TestCancelAndUnknownChoice(t *testing.T) {
	s := serve(t, t.TempDir())
	query := request()
	query.Set("redirect_uri", "http://page.test/other?kept=1")
	address := s.issuer + "/authorize?" + query.Encode()
	canceled := location(t, s.do(t, http.MethodPost, address, url.Values{"cancel": {"yes"}}, nil)).Query()
	if canceled.Get("error") != "access_denied" || canceled.Get("kept") != "1" || canceled.Get("state") != "kept" {
		t.Errorf("canceled: %v", canceled)
	}
	for _, name := range []string{"<b>unknown</b>", ""} {
		got := s.do(t, http.MethodPost, address, url.Values{"user": {name}}, nil)
		if got.status != http.StatusBadRequest || !strings.Contains(got.body, "testuser001, testuser002, testuser003") || strings.Contains(got.body, "<b>") {
			t.Errorf("choosing %q: %d %s", name, got.status, got.body)
		}
	}
	plain := s.do(t, http.MethodPost, address, url.Values{"user": {"unknown"}}, map[string]string{"Accept": "*/*"})
	if plain.body != "There is no user \"unknown\" to choose here. Choose one of testuser001, testuser002, testuser003.\n" {
		t.Errorf("for a program: %q", plain.body)
	}
}

func TestCrossSiteChoiceIsForbidden(t *testing.T) {
	s := serve(t, t.TempDir())
	address := s.issuer + "/authorize?" + request().Encode()
	for _, header := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site"},
		{"Sec-Fetch-Site": "same-site"},
		{"Origin": "http://evil.test"},
	} {
		got := s.do(t, http.MethodPost, address, url.Values{"user": {"testuser001"}}, header)
		if got.status != http.StatusForbidden || got.header.Get("Location") != "" {
			t.Errorf("%v: %d", header, got.status)
		}
	}
	got := s.do(t, http.MethodPost, address, url.Values{"user": {"testuser001"}}, map[string]string{"Sec-Fetch-Site": "same-origin"})
	if got.status != http.StatusSeeOther {
		t.Errorf("its own page: %d", got.status)
	}
}

func TestCodeIsValidOnceForAMinuteAndItsRequest(t *testing.T) {
	s := serve(t, t.TempDir())
	verifier := oauth2.GenerateVerifier()
	issue := func() string {
		query := request()
		query.Set("code_challenge", oauth2.S256ChallengeFromVerifier(verifier))
		return s.choose(t, s.issuer+"/authorize?"+query.Encode(), "testuser002").Get("code")
	}
	form := func(code string, change url.Values) url.Values {
		values := url.Values{
			"grant_type": {"authorization_code"}, "client_id": {clientID}, "redirect_uri": {callback},
			"code": {code}, "code_verifier": {verifier},
		}
		maps.Copy(values, change)
		return values
	}
	errorOf := func(a answer) string {
		var body struct{ Error string }
		if err := json.Unmarshal([]byte(a.body), &body); err != nil {
			t.Fatalf("%q: %v", a.body, err)
		}
		return body.Error
	}
	for name, test := range map[string]struct {
		change url.Values
		want   string
	}{
		"wrong verifier":  {url.Values{"code_verifier": {oauth2.GenerateVerifier()}}, "invalid_grant"},
		"no verifier":     {url.Values{"code_verifier": {}}, "invalid_grant"},
		"other redirect":  {url.Values{"redirect_uri": {"http://page.test/other?kept=1"}}, "invalid_grant"},
		"other client":    {url.Values{"client_id": {"another"}}, "invalid_grant"},
		"made-up code":    {url.Values{"code": {"guess"}}, "invalid_grant"},
		"unknown client":  {url.Values{"client_id": {"unknown"}}, "invalid_client"},
		"repeated code":   {url.Values{"code": {"a", "b"}}, "invalid_request"},
		"password grant":  {url.Values{"grant_type": {"password"}}, "unsupported_grant_type"},
		"no grant at all": {url.Values{"grant_type": {}}, "unsupported_grant_type"},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.do(t, http.MethodPost, s.issuer+"/token", form(issue(), test.change), nil)
			if got.status != http.StatusBadRequest || errorOf(got) != test.want {
				t.Errorf("%d %s, want %s", got.status, got.body, test.want)
			}
		})
	}
	t.Run("a failed attempt invalidates it", func(t *testing.T) {
		code := issue()
		s.do(t, http.MethodPost, s.issuer+"/token", form(code, url.Values{"code_verifier": {"wrong"}}), nil)
		if got := s.do(t, http.MethodPost, s.issuer+"/token", form(code, nil), nil); errorOf(got) != "invalid_grant" {
			t.Errorf("second try: %d %s", got.status, got.body)
		}
	})
	t.Run("used", func(t *testing.T) {
		code := issue()
		first := s.do(t, http.MethodPost, s.issuer+"/token", form(code, nil), nil)
		if first.status != http.StatusOK || first.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("first use: %d %s", first.status, first.body)
		}
		if again := s.do(t, http.MethodPost, s.issuer+"/token", form(code, nil), nil); errorOf(again) != "invalid_grant" {
			t.Errorf("second use: %d %s", again.status, again.body)
		}
	})
	t.Run("old", func(t *testing.T) {
		code := issue()
		s.clock.advance(61 * time.Second)
		if got := s.do(t, http.MethodPost, s.issuer+"/token", form(code, nil), nil); errorOf(got) != "invalid_grant" {
			t.Errorf("after 61 s: %d %s", got.status, got.body)
		}
	})
	t.Run("basic authentication", func(t *testing.T) {
		got := s.do(t, http.MethodPost, s.issuer+"/token", form(issue(), nil), map[string]string{"Authorization": "Basic Z2VuM2QtbG9jYWw6"})
		if errorOf(got) != "invalid_client" {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("json body", func(t *testing.T) {
		got := s.do(t, http.MethodPost, s.issuer+"/token", form(issue(), nil), map[string]string{"Content-Type": "application/json"})
		if errorOf(got) != "invalid_request" {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
}

func TestCrossOriginAccessToDiscoveryKeysAndTokens(t *testing.T) {
	s := serve(t, t.TempDir())
	for path, want := range map[string]string{
		"/.well-known/openid-configuration": "*",
		"/.well-known/jwks.json":            "*",
		"/token":                            "*",
		"/authorize":                        "",
		"/logout":                           "",
	} {
		got := s.do(t, http.MethodOptions, s.issuer+path, nil, map[string]string{"Origin": "http://localhost:5173"})
		if got.header.Get("Access-Control-Allow-Origin") != want {
			t.Errorf("%s: allowed origin %q, want %q", path, got.header.Get("Access-Control-Allow-Origin"), want)
		}
	}
	document := s.do(t, http.MethodGet, s.issuer+"/.well-known/openid-configuration", nil, nil)
	var discovery struct {
		Challenges []string `json:"code_challenge_methods_supported"`
		Types      []string `json:"response_types_supported"`
	}
	if err := json.Unmarshal([]byte(document.body), &discovery); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(discovery.Challenges, []string{"S256"}) || !slices.Equal(discovery.Types, []string{"code"}) {
		t.Errorf("discovery: %+v", discovery)
	}
}
