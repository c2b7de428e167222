package directory

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Cognito's scopes. scopeUserAdmin is the one in tokens of InitiateAuth and
// AdminInitiateAuth.
const (
	scopeOpenID    = "openid"
	scopeEmail     = "email"
	scopeUserAdmin = "aws.cognito.signin.user.admin"
)

var scopes = []string{scopeOpenID, scopeEmail, "profile", scopeUserAdmin}

// authRequest is a validated request to /authorize.
type authRequest struct {
	client    Client
	redirect  string
	scope     string
	state     string
	nonce     string
	challenge string
	prompts   []string
	hint      string
}

// refusal is an OAuth error: its code (RFC 6749, 4.1.2.1 and 5.2) and a
// sentence for the developer.
type refusal struct {
	code, description string
}

func (r *refusal) Error() string { return r.code + ": " + r.description }

func refuse(code, format string, args ...any) *refusal {
	return &refusal{code: code, description: fmt.Sprintf(format, args...)}
}

// parseTarget validates the client and redirect URI of a request. Its errors
// must be shown to the user and not redirected: the URI may be an attacker's.
func (d *Directory) parseTarget(query url.Values) (authRequest, error) {
	for _, name := range []string{"client_id", "redirect_uri"} {
		if len(query[name]) != 1 || query.Get(name) == "" {
			return authRequest{}, fmt.Errorf("the parameter %s must be given exactly once", name)
		}
	}
	client, ok := d.clients[query.Get("client_id")]
	if !ok {
		return authRequest{}, fmt.Errorf("no application with the client_id %q is registered here", query.Get("client_id"))
	}
	redirect := query.Get("redirect_uri")
	if !slices.Contains(client.RedirectURIs, redirect) {
		return authRequest{}, fmt.Errorf("the redirect_uri %q is not among those registered for this application", redirect)
	}
	request := authRequest{client: client, redirect: redirect}
	if len(query["state"]) == 1 {
		request.state = query.Get("state")
	}
	return request, nil
}

// parseRest validates the other parameters of a request whose target is valid.
func (request *authRequest) parseRest(query url.Values) *refusal {
	for name, values := range query {
		if len(values) > 1 {
			return refuse("invalid_request", "the parameter %q is given more than once", name)
		}
	}
	if kind := query.Get("response_type"); kind != "code" {
		return refuse("unsupported_response_type", "response_type must be code, not %q", kind)
	}
	if method := query.Get("code_challenge_method"); method != "S256" {
		return refuse("invalid_request", "code_challenge_method must be S256, not %q", method)
	}
	request.challenge = query.Get("code_challenge")
	if sum, err := base64.RawURLEncoding.Strict().DecodeString(request.challenge); err != nil || len(sum) != 32 {
		return refuse("invalid_request", "code_challenge must be a SHA-256 hash in unpadded base64url (43 characters)")
	}
	asked := strings.Fields(query.Get("scope"))
	if len(asked) == 0 {
		asked = scopes
	}
	for _, scope := range asked {
		if !slices.Contains(scopes, scope) {
			return refuse("invalid_scope", "the scope %q is not known", scope)
		}
	}
	request.scope = strings.Join(asked, " ")
	request.nonce = query.Get("nonce")
	request.prompts = strings.Fields(query.Get("prompt"))
	request.hint = query.Get("login_hint")
	return nil
}

// answerURL returns the redirect URI with the response's non-empty parameters
// and the state added to its query.
func (request authRequest) answerURL(parameters map[string]string) string {
	target, err := url.Parse(request.redirect)
	if err != nil {
		// Config.validate has parsed every registered URI.
		return request.redirect
	}
	query := target.Query()
	for name, value := range parameters {
		if value != "" {
			query.Set(name, value)
		}
	}
	if request.state != "" {
		query.Set("state", request.state)
	}
	target.RawQuery = query.Encode()
	return target.String()
}

// origin returns the redirect URI's scheme and host, which the sign-in page's
// policy must contain: browsers apply form-action to the redirect after a form
// as well.
func (request authRequest) origin() string {
	target, err := url.Parse(request.redirect)
	if err != nil {
		return ""
	}
	return target.Scheme + "://" + target.Host
}
