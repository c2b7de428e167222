package smoke

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"gen3d/cmd/gen3d/console"
)

func findService(ctx context.Context, r *run) (string, error) { return r.place.open(ctx, r) }

func makeUsers(ctx context.Context, r *run) (string, error) {
	found, err := r.place.users(ctx, r)
	for _, u := range []*user{r.a, r.b} {
		if u != nil {
			r.secrets.add(u.email)
		}
	}
	return found, err
}

// readPageConfiguration gets the page, its configuration and the issuer's
// discovery document, as the page does before the sign-in.
func readPageConfiguration(ctx context.Context, r *run) (string, error) {
	const advice = "deploy the page again (make up), or start gen3d local with --page at its built folder"
	index, err := r.get(ctx, r.page+"/", "")
	if err != nil {
		return "", err
	}
	if index.status != http.StatusOK || !index.is("text/html") {
		return "", &mismatch{"the page at " + r.page + "/", index.String(), advice}
	}
	got, err := r.get(ctx, r.page+"/config.json", "")
	if err != nil {
		return "", err
	}
	if got.status != http.StatusOK || json.Unmarshal(got.body, &r.config) != nil {
		return "", &mismatch{"the page's configuration in /config.json", got.String(), advice}
	}
	for _, setting := range []struct{ name, value string }{
		{"apiUrl", r.config.APIURL}, {"stack", r.config.Stack}, {"auth.authority", r.config.Auth.Authority},
		{"auth.clientId", r.config.Auth.ClientID}, {"backend", string(r.config.Backend)},
	} {
		if setting.value == "" {
			return "", &mismatch{setting.name + " in /config.json", "it is missing", advice}
		}
	}
	if r.config.Limits.MaxBytes <= 0 || r.config.Limits.MaxObjects <= 0 || len(r.config.Limits.ContentTypes) == 0 {
		return "", &mismatch{"the limits in /config.json", string(got.body), advice}
	}
	if !r.place.matches(r.config) {
		return "", &mismatch{"the stack's region and app client in /config.json",
			fmt.Sprintf("region %s, client %s", r.config.Region, r.config.Auth.ClientID), advice}
	}
	var issuer struct {
		Issuer string `json:"issuer"`
	}
	discovery, err := r.get(ctx, r.config.Auth.Authority+"/.well-known/openid-configuration", "")
	if err != nil {
		return "", err
	}
	if discovery.status != http.StatusOK || json.Unmarshal(discovery.body, &issuer) != nil || issuer.Issuer != r.config.Auth.Authority {
		return "", &mismatch{"the issuer " + r.config.Auth.Authority + " to describe itself", discovery.String(), "look whether the user pool exists"}
	}
	return fmt.Sprintf("stack %s, backend %s", r.config.Stack, r.config.Backend), nil
}

// signIn signs both users in, and deletes jobs that a killed run has left to
// them.
func signIn(ctx context.Context, r *run) (string, error) {
	for _, u := range []*user{r.a, r.b} {
		token, err := r.place.token(ctx, r, u)
		if err != nil {
			return "", &mismatch{"a token for " + u.label, err.Error(), "sign in on the page; " + r.place.look("sign-in")}
		}
		u.token = token
		r.secrets.add(token)
		if u.id, err = subject(token); err != nil {
			return "", &mismatch{"an access token with a sub for " + u.label, err.Error(), "look at the issuer's configuration"}
		}
	}
	left, err := r.list(ctx, r.a, func(l line) bool { return leftOver(l.Name, time.Now()) })
	if err != nil {
		return "", err
	}
	for _, l := range left {
		if _, err := r.call(ctx, r.a, http.MethodDelete, "/jobs/"+l.JobID, nil); err != nil {
			return "", err
		}
	}
	if len(left) > 0 {
		return "users A and B; " + console.Count(len(left), "job") + " of an earlier run deleted", nil
	}
	return "users A and B", nil
}

// subject returns the sub of an access token, without verifying the token: the
// API does that.
func subject(token string) (string, error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return "", fmt.Errorf("reading the access token: %w", err)
	}
	var claims jwt.Claims
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		return "", fmt.Errorf("reading the access token's claims: %w", err)
	}
	if claims.Subject == "" {
		return "", fmt.Errorf("the access token has no sub")
	}
	return claims.Subject, nil
}
