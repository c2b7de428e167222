package directory

import (
	"encoding/json"
	"mime"
	"net/http"
)

// token serves POST /token: the grants authorization_code and refresh_token.
func (d *Directory) token(w http.ResponseWriter, r *http.Request) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		d.refuseToken(w, r, refuse("invalid_request", "the body must be application/x-www-form-urlencoded"))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil {
		d.refuseToken(w, r, refuse("invalid_request", "the form could not be read"))
		return
	}
	for name, values := range r.PostForm {
		if len(values) > 1 {
			d.refuseToken(w, r, refuse("invalid_request", "the parameter %q is given more than once", name))
			return
		}
	}
	client, ok := d.clients[r.PostForm.Get("client_id")]
	if _, _, basic := r.BasicAuth(); !ok || basic {
		// The clients are public: their id is in the form. A code in the
		// request stays valid for a corrected request.
		d.refuseToken(w, r, refuse("invalid_client", "name a registered client in the form's client_id, without a secret"))
		return
	}

	var answer tokenAnswer
	var refused *refusal
	switch kind := r.PostForm.Get("grant_type"); kind {
	case "authorization_code":
		answer, refused = d.redeem(client, r)
	case "refresh_token":
		answer, refused = d.refresh(client, r.PostForm.Get("refresh_token"))
	default:
		refused = refuse("unsupported_grant_type", "grant_type must be authorization_code or refresh_token, not %q", kind)
	}
	if refused != nil {
		d.refuseToken(w, r, refused)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// tokenAnswer is a successful response of the token endpoint (RFC 6749, 5.1).
type tokenAnswer struct {
	Access  string `json:"access_token"`
	ID      string `json:"id_token,omitempty"`
	Refresh string `json:"refresh_token,omitempty"`
	Type    string `json:"token_type"`
	Seconds int    `json:"expires_in"`
}

func (d *Directory) redeem(client Client, r *http.Request) (tokenAnswer, *refusal) {
	issued, ok := d.codes.take(r.PostForm.Get("code"), d.config.Now())
	switch {
	case !ok:
		return tokenAnswer{}, refuse("invalid_grant", "the code is unknown, used or older than a minute")
	case issued.grant.Client != client.ID:
		return tokenAnswer{}, refuse("invalid_grant", "the code was issued to another client")
	case issued.redirect != r.PostForm.Get("redirect_uri"):
		return tokenAnswer{}, refuse("invalid_grant", "redirect_uri is not the one the code was sent to")
	case !matchesChallenge(r.PostForm.Get("code_verifier"), issued.challenge):
		return tokenAnswer{}, refuse("invalid_grant", "code_verifier does not fit the code_challenge")
	}
	user, ok := d.users.find(issued.grant.User)
	if !ok {
		return tokenAnswer{}, refuse("invalid_grant", "the user no longer exists")
	}
	answer, refused := d.answer(user, issued.grant)
	if refused != nil {
		return tokenAnswer{}, refused
	}
	sealed, err := d.sealRefresh(issued.grant)
	if err != nil {
		d.config.Log.ErrorContext(r.Context(), "sealing a refresh token failed", "error", err)
		return tokenAnswer{}, refuse("server_error", "no refresh token could be created")
	}
	answer.Refresh = sealed
	return answer, nil
}

// refresh responds without a new refresh token, as Cognito does without
// rotation.
func (d *Directory) refresh(client Client, text string) (tokenAnswer, *refusal) {
	g, user, err := d.openRefresh(text, client.ID)
	if err != nil {
		return tokenAnswer{}, refuse("invalid_grant", "%v", err)
	}
	return d.answer(user, g)
}

func (d *Directory) answer(user account, g grant) (tokenAnswer, *refusal) {
	minted, err := d.mint(user, g)
	if err != nil {
		d.config.Log.Error("minting tokens failed", "error", err)
		return tokenAnswer{}, refuse("server_error", "no token could be created")
	}
	return tokenAnswer{
		Access:  minted.Access,
		ID:      minted.ID,
		Type:    "Bearer",
		Seconds: int(accessLifetime.Seconds()),
	}, nil
}

func (d *Directory) refuseToken(w http.ResponseWriter, r *http.Request, refused *refusal) {
	status := http.StatusBadRequest
	if refused.code == "server_error" {
		status = http.StatusInternalServerError
	}
	d.config.Log.InfoContext(r.Context(), "token refused", "error", refused.code)
	writeJSON(w, status, map[string]string{"error": refused.code, "error_description": refused.description})
}

// discovery serves GET /.well-known/openid-configuration.
func (d *Directory) discovery(w http.ResponseWriter, _ *http.Request) {
	issuer := d.config.Issuer
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                issuer + "/authorize",
		"token_endpoint":                        issuer + "/token",
		"end_session_endpoint":                  issuer + "/logout",
		"jwks_uri":                              issuer + "/.well-known/jwks.json",
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query"},
		"grant_types_supported":                 []string{"authorization_code", "refresh_token"},
		"code_challenge_methods_supported":      []string{"S256"},
		"token_endpoint_auth_methods_supported": []string{"none"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      scopes,
		"claims_supported":                      []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "email", "email_verified", "cognito:username"},
	})
}

// writeJSON writes a response that must not be cached.
func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// An error means that the client has disconnected.
	_ = json.NewEncoder(w).Encode(value)
}
