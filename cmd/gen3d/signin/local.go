package signin

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"gen3d/webapp"
)

// fetchTimeout is the timeout of a request.
const fetchTimeout = time.Minute

// answerLimit is the maximum size of a response, in bytes.
const answerLimit = 1 << 20

// Local signs user in to the Gen3D at baseURL, such as http://127.0.0.1:8080,
// and returns an access token. Like the page, it reads /config.json, discovers
// the issuer, runs the authorization code flow with PKCE, choosing user on the
// sign-in page, and verifies the ID token and its nonce.
func Local(ctx context.Context, baseURL, user string) (string, error) {
	return LocalThrough(ctx, nil, baseURL, user)
}

// LocalThrough is [Local] with a transport of its HTTP requests; nil means the
// default one.
func LocalThrough(ctx context.Context, transport http.RoundTripper, baseURL, user string) (string, error) {
	base := strings.TrimSuffix(baseURL, "/")
	client := &http.Client{
		Transport: transport,
		Timeout:   fetchTimeout,
		// The redirect to the page contains the code; the page is not loaded.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	config, err := readPageConfig(ctx, client, base)
	if err != nil {
		return "", err
	}
	ctx = oidc.ClientContext(ctx, client)
	issuer, err := oidc.NewProvider(ctx, config.Auth.Authority)
	if err != nil {
		return "", fmt.Errorf("discovering the local issuer: %w", err)
	}
	application := oauth2.Config{
		ClientID:    config.Auth.ClientID,
		Endpoint:    issuer.Endpoint(),
		RedirectURL: base + "/callback",
		Scopes:      strings.Fields(config.Auth.Scope),
	}
	application.Endpoint.AuthStyle = oauth2.AuthStyleInParams

	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	page := application.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier), oidc.Nonce(nonce))
	code, err := choose(ctx, client, page, user, state)
	if err != nil {
		return "", err
	}
	exchanged, err := application.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return "", fmt.Errorf("exchanging the code for a token: %w", err)
	}
	identity, _ := exchanged.Extra("id_token").(string)
	verified, err := issuer.Verifier(&oidc.Config{ClientID: application.ClientID}).Verify(ctx, identity)
	if err != nil {
		return "", fmt.Errorf("checking the ID token: %w", err)
	}
	if verified.Nonce != nonce {
		return "", errors.New("checking the ID token: its nonce is not the one sent")
	}
	return exchanged.AccessToken, nil
}

func readPageConfig(ctx context.Context, client *http.Client, base string) (webapp.Config, error) {
	var config webapp.Config
	status, body, _, err := exchange(ctx, client, http.MethodGet, base+"/config.json", nil)
	if err != nil {
		return config, fmt.Errorf("asking Gen3D at %s how to sign in (is `gen3d local` running?): %w", base, err)
	}
	if status != http.StatusOK || json.Unmarshal(body, &config) != nil || config.Auth.Authority == "" || config.Auth.ClientID == "" {
		return config, fmt.Errorf("asking Gen3D at %s how to sign in: /config.json does not say it (HTTP status %d); is something else running there?", base, status)
	}
	return config, nil
}

// choose opens the sign-in page, chooses user on it and returns the code in the
// redirect to the application.
func choose(ctx context.Context, client *http.Client, page, user, state string) (string, error) {
	status, body, location, err := exchange(ctx, client, http.MethodGet, page, nil)
	if err == nil && status == http.StatusOK {
		status, body, location, err = exchange(ctx, client, http.MethodPost, page, url.Values{"user": {user}})
	}
	if err != nil {
		return "", fmt.Errorf("signing %s in: %w", user, err)
	}
	if status != http.StatusSeeOther {
		return "", fmt.Errorf("signing %s in: %s", user, strings.TrimSpace(string(body)))
	}
	answer, err := url.Parse(location)
	if err != nil {
		return "", fmt.Errorf("signing %s in: reading the answer's address: %w", user, err)
	}
	query := answer.Query()
	switch {
	case query.Get("state") != state:
		return "", fmt.Errorf("signing %s in: the answer belongs to another request", user)
	case query.Get("error") != "":
		return "", fmt.Errorf("signing %s in: %s: %s", user, query.Get("error"), query.Get("error_description"))
	case query.Get("code") == "":
		return "", fmt.Errorf("signing %s in: the answer has no code", user)
	}
	return query.Get("code"), nil
}

// exchange sends a request, with form as its body unless nil, and returns the
// response's status, body and Location.
func exchange(ctx context.Context, client *http.Client, method, target string, form url.Values) (int, []byte, string, error) {
	request, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, "", fmt.Errorf("creating a request: %w", err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, nil, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if err != nil {
		return 0, nil, "", fmt.Errorf("reading an answer: %w", err)
	}
	return answer.StatusCode, body, answer.Header.Get("Location"), nil
}
