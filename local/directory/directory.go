// Package directory stands in for Amazon Cognito on one machine: an OpenID
// Connect issuer for the page's sign-in, and the calls of the Cognito identity
// provider API that Gen3D makes.
//
// Tokens have Cognito's format: access tokens have client_id, token_use, scope
// and username and no aud; ID tokens have aud, token_use and cognito:username;
// both are signed with RS256, since API Gateway's JWT authorizer accepts only
// RSA-based algorithms. Two things are simpler. The sub of a user is the user's
// name, so that keys in the bucket read users/testuser001/…; and the fictitious
// users have no password: the sign-in page lists them for selection.
//
// The issuer uses go-jose, which token verification needs too. The op package
// of zitadel/oidc would add a dozen modules (among them OpenTelemetry, logrus
// and chi), needs a large storage interface and cannot issue tokens without aud
// unmodified.
//
// Only the signing key is stored: refresh tokens are encrypted with a key
// derived from it, so a session survives a restart. Codes are in memory and
// expire after a minute.
package directory

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Lifetimes, equal to Cognito's defaults for an app client, except that a
// code's is shorter than Cognito's five minutes.
const (
	codeLifetime    = time.Minute
	accessLifetime  = time.Hour
	refreshLifetime = 30 * 24 * time.Hour
)

// Client is an application that signs users in. It is public (has no secret),
// so PKCE is required.
type Client struct {
	// ID is the client_id.
	ID string
	// RedirectURIs are the absolute URLs to which a code may be sent. A
	// request's redirect_uri must be equal to one of them.
	RedirectURIs []string
	// LogoutURIs are the absolute URLs to which /logout may redirect.
	LogoutURIs []string
}

// Config has the directory's identity, clients and users.
type Config struct {
	// Issuer is the issuer's public URL, equal to the tokens' iss, such as
	// http://127.0.0.1:8080/oidc. Its path is the prefix of every route.
	Issuer string
	// PoolID is the user pool id of Cognito calls, such as
	// us-east-1_gen3dlocal.
	PoolID string
	// Clients are the registered applications; at least one.
	Clients []Client
	// Users are the registered users; nil means [Fictitious].
	Users []User
	// Folder contains the signing key (signing-key.pem, mode 0600). Both are
	// created if missing.
	Folder string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// NewID returns a code or token id: unguessable, unique, URL-safe; nil
	// means 128 random bits in base32.
	NewID func() string
	// Log receives one record per sign-in or refusal, without addresses or
	// tokens; nil discards.
	Log *slog.Logger
}

// validate joins every problem of c into one error.
func (c Config) validate() error {
	var problems []error
	issuer, err := url.Parse(c.Issuer)
	if err != nil || !isWeb(issuer) || issuer.RawQuery != "" || issuer.Fragment != "" || strings.HasSuffix(c.Issuer, "/") {
		problems = append(problems, fmt.Errorf("issuer %q must be an http or https URL without query, fragment or final slash", c.Issuer))
	}
	if c.PoolID == "" {
		problems = append(problems, errors.New("the user pool id is missing"))
	}
	if c.Folder == "" {
		problems = append(problems, errors.New("the folder of the signing key is missing"))
	}
	if len(c.Clients) == 0 {
		problems = append(problems, errors.New("no client is registered"))
	}
	for _, client := range c.Clients {
		if client.ID == "" {
			problems = append(problems, errors.New("a client has no id"))
		}
		for _, raw := range slices.Concat(client.RedirectURIs, client.LogoutURIs) {
			if u, err := url.Parse(raw); err != nil || !isWeb(u) || u.Fragment != "" {
				problems = append(problems, fmt.Errorf("client %s: %q must be an absolute http or https URL without fragment", client.ID, raw))
			}
		}
	}
	return errors.Join(problems...)
}

func isWeb(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// Directory is the stand-in; it is an http.Handler for the issuer's path and
// everything below. Calls of the Cognito API are recognized by their
// X-Amz-Target header at any path, so the BaseEndpoint of an SDK client may be
// the issuer's URL.
type Directory struct {
	config  Config
	prefix  string
	clients map[string]Client
	users   *register
	key     signingKey
	codes   *codes
	mux     *http.ServeMux
}

// New opens the signing key, or creates it, and returns the directory.
func New(config Config) (*Directory, error) {
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("configuring the local directory: %w", err)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.NewID == nil {
		config.NewID = rand.Text
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Users == nil {
		config.Users = Fictitious()
	}
	key, err := openSigningKey(config.Folder)
	if err != nil {
		return nil, err
	}
	issuer, err := url.Parse(config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("reading the issuer's URL: %w", err)
	}
	d := &Directory{
		config:  config,
		prefix:  strings.TrimSuffix(issuer.Path, "/"),
		clients: map[string]Client{},
		users:   newRegister(config.Now()),
		key:     key,
		codes:   newCodes(),
		mux:     http.NewServeMux(),
	}
	for _, client := range config.Clients {
		d.clients[client.ID] = client
	}
	for _, user := range config.Users {
		if err := d.Register(user); err != nil {
			return nil, fmt.Errorf("configuring the local directory: %w", err)
		}
	}
	d.route()
	return d, nil
}

func (d *Directory) route() {
	public := func(pattern string, handler http.HandlerFunc) {
		method, path, _ := strings.Cut(pattern, " ")
		d.mux.HandleFunc(method+" "+d.prefix+path, crossOrigin(handler))
		d.mux.HandleFunc("OPTIONS "+d.prefix+path, crossOrigin(preflight))
	}
	public("GET /.well-known/openid-configuration", d.discovery)
	public("GET /.well-known/jwks.json", d.keySet)
	public("POST /token", d.token)

	// A page of another origin must not be able to choose a user.
	sameOrigin := http.NewCrossOriginProtection()
	d.mux.Handle("GET "+d.prefix+"/authorize", http.HandlerFunc(d.authorize))
	d.mux.Handle("POST "+d.prefix+"/authorize", sameOrigin.Handler(http.HandlerFunc(d.choose)))
	d.mux.HandleFunc("GET "+d.prefix+"/logout", d.logout)
	d.mux.HandleFunc("GET "+d.prefix+"/style.css", d.style)
}

// ServeHTTP serves the issuer's routes and the Cognito API.
func (d *Directory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix); ok {
		d.cognito(w, r, operation)
		return
	}
	d.mux.ServeHTTP(w, r)
}

// crossOrigin allows pages of any origin to read the response, as Cognito does
// for the same endpoints; none of them uses cookies.
func crossOrigin(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		next(w, r)
	}
}

func preflight(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	w.Header().Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}
