package directory

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// formLimit bounds the bodies of forms, in bytes.
const formLimit = 64 << 10

// authorize serves GET /authorize: the sign-in page.
func (d *Directory) authorize(w http.ResponseWriter, r *http.Request) {
	request, ok := d.checkRequest(w, r)
	if !ok {
		return
	}
	if slices.Contains(request.prompts, "none") {
		// There are no sessions: every sign-in needs the user's choice.
		d.redirectRefusal(w, r, request, refuse("login_required", "the user must choose who to be"))
		return
	}
	d.showSignIn(w, r, request)
}

// choose serves POST /authorize, the choice made on the sign-in page. The query
// contains the authorization request again and is checked again, so no state is
// kept between the two.
func (d *Directory) choose(w http.ResponseWriter, r *http.Request) {
	request, ok := d.checkRequest(w, r)
	if !ok {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil {
		d.showMessage(w, r, http.StatusBadRequest, "Sign-in failed", "The form could not be read. Go back and choose again.")
		return
	}
	if r.PostForm.Has("cancel") {
		d.redirectRefusal(w, r, request, refuse("access_denied", "the user canceled the sign-in"))
		return
	}
	name := r.PostForm.Get("user")
	user, ok := d.users.find(name)
	if !ok {
		d.showMessage(w, r, http.StatusBadRequest, "Unknown user",
			fmt.Sprintf("There is no user %q to choose here. Choose one of %s.", name, d.listedNames()))
		return
	}
	now := d.config.Now()
	code := d.config.NewID()
	d.codes.add(code, issuedCode{
		grant: grant{
			User:     user.Name,
			Client:   request.client.ID,
			Scope:    request.scope,
			Nonce:    request.nonce,
			SignedIn: now,
			Origin:   d.config.NewID(),
		},
		redirect:  request.redirect,
		challenge: request.challenge,
		expires:   now.Add(codeLifetime),
	}, now)
	d.config.Log.InfoContext(r.Context(), "user chosen on the sign-in page", "user", user.Name, "client", request.client.ID)
	d.redirect(w, r, request.answerURL(map[string]string{"code": code}))
}

// checkRequest parses the request in the query. If it is invalid, checkRequest
// writes an error response and returns false.
func (d *Directory) checkRequest(w http.ResponseWriter, r *http.Request) (authRequest, bool) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		d.showMessage(w, r, http.StatusBadRequest, "Sign-in cannot start", "The address of this page is not complete. Go back to Gen3D and sign in again.")
		return authRequest{}, false
	}
	request, err := d.parseTarget(query)
	if err != nil {
		d.showMessage(w, r, http.StatusBadRequest, "Sign-in cannot start", "The application's request is invalid: "+err.Error()+".")
		return authRequest{}, false
	}
	if refused := request.parseRest(query); refused != nil {
		d.redirectRefusal(w, r, request, refused)
		return authRequest{}, false
	}
	return request, true
}

func (d *Directory) redirectRefusal(w http.ResponseWriter, r *http.Request, request authRequest, refused *refusal) {
	d.config.Log.InfoContext(r.Context(), "sign-in refused", "client", request.client.ID, "error", refused.code)
	d.redirect(w, r, request.answerURL(map[string]string{
		"error":             refused.code,
		"error_description": refused.description,
	}))
}

// redirect sends the browser to target with GET, also after a POST.
func (d *Directory) redirect(w http.ResponseWriter, r *http.Request, target string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, target, http.StatusSeeOther)
}

func (d *Directory) listedNames() string {
	var names []string
	for _, user := range d.users.listed() {
		names = append(names, user.Name)
	}
	return strings.Join(names, ", ")
}

// logout serves GET /logout. It accepts Cognito's parameters (client_id and
// logout_uri) and those of OpenID Connect RP-Initiated Logout (id_token_hint or
// client_id, post_logout_redirect_uri, state). There is no session to end; it
// only redirects, and only to registered addresses.
func (d *Directory) logout(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	request := authRequest{redirect: query.Get("logout_uri"), state: query.Get("state")}
	if request.redirect == "" {
		request.redirect = query.Get("post_logout_redirect_uri")
	}
	if request.redirect == "" {
		d.showMessage(w, r, http.StatusOK, "Signed out", "You can close this page.")
		return
	}
	client, err := d.logoutClient(query)
	if err != nil {
		d.showMessage(w, r, http.StatusBadRequest, "Signed out, but not redirected", "The application's request is invalid: "+err.Error()+".")
		return
	}
	if !slices.Contains(client.LogoutURIs, request.redirect) {
		d.showMessage(w, r, http.StatusBadRequest, "Signed out, but not redirected",
			fmt.Sprintf("The application's request is invalid: the address %q is not registered as a sign-out address.", request.redirect))
		return
	}
	d.redirect(w, r, request.answerURL(nil))
}

func (d *Directory) logoutClient(query url.Values) (Client, error) {
	id := query.Get("client_id")
	if hint := query.Get("id_token_hint"); hint != "" {
		// An expired ID token is still a valid hint.
		var claims idClaims
		if err := d.read(hint, &claims); err != nil || claims.Use != useID || claims.Issuer != d.config.Issuer {
			return Client{}, errors.New("the id_token_hint was not issued here")
		}
		if id != "" && id != claims.Audience {
			return Client{}, errors.New("the client_id is not that of the id_token_hint")
		}
		id = claims.Audience
	}
	client, ok := d.clients[id]
	if !ok {
		return Client{}, fmt.Errorf("no application with the client_id %q is registered here", id)
	}
	return client, nil
}
