// Package directory stands in for Amazon Cognito on one machine: an OpenID
// Connect issuer that the page signs in against, and the few calls of the
// Cognito identity provider API that Gen3D's own code makes.
//
// The shape of everything follows Cognito, so that what works here works
// there: access tokens carry client_id, token_use, scope and username and no
// aud; ID tokens carry aud, token_use and cognito:username; both are RS256,
// the only family of algorithms that API Gateway's JWT authorizer accepts.
// Two things are simpler. The sub of a user is the user's name, so that keys
// in the bucket read users/testuser001/…; and the fictitious users have no
// password: the sign-in page lists them and one picks.
//
// The issuer is written on go-jose, which token verification needs anyway.
// zitadel/oidc's op package would bring some dozen further modules
// (OpenTelemetry, logrus, chi among them) and a storage interface of more
// methods than this issuer has lines of protocol, and would then still have to
// be bent to tokens without aud.
//
// Nothing is stored but the signing key: refresh tokens are sealed with a key
// derived from it and need no table, so a session survives a restart. Codes
// live a minute, in memory.
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

// Lifetimes, as Cognito's defaults for an app client; a code's is shorter than
// Cognito's five minutes because nobody types it.
const (
	codeLifetime    = time.Minute
	accessLifetime  = time.Hour
	refreshLifetime = 30 * 24 * time.Hour
)

// Client is an application that may sign users in: always a public one (no
// secret), so PKCE is required of it.
type Client struct {
	// ID is the client_id.
	ID string
	// RedirectURIs are the absolute addresses a code may be sent to. A request
	// must name one of them exactly, to the last character.
	RedirectURIs []string
	// LogoutURIs are the absolute addresses /logout may send the browser to.
	LogoutURIs []string
}

// Config says who the directory is and whom it knows.
type Config struct {
	// Issuer is the public URL of the issuer, as in the tokens' iss, e.g.
	// http://127.0.0.1:8080/oidc. Its path is the prefix of every route.
	Issuer string
	// PoolID is the user pool id that Cognito calls must name, e.g.
	// us-east-1_gen3dlocal.
	PoolID string
	// Clients are the known applications; at least one.
	Clients []Client
	// Users are the known users; nil means [Fictitious].
	Users []User
	// Folder holds the signing key (signing-key.pem, mode 0600). It is made when
	// missing.
	Folder string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// NewID makes codes and token ids: unguessable, unique, URL-safe; nil means
	// 128 random bits in base32.
	NewID func() string
	// Log receives one line a sign-in or refusal, without addresses or tokens;
	// nil discards.
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

// Directory is the stand-in; it is an http.Handler. Mount it at the issuer's
// path (with everything below). Calls of the Cognito API are recognized by
// their X-Amz-Target header at any path that reaches it, so an SDK client's
// BaseEndpoint may be the issuer's URL itself.
type Directory struct {
	config  Config
	prefix  string
	clients map[string]Client
	users   *register
	key     signingKey
	codes   *codes
	mux     *http.ServeMux
}

// New opens the signing key (making it the first time) and returns the
// directory. It starts nothing.
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

	// A page elsewhere must not be able to choose a user for the visitor.
	sameOrigin := http.NewCrossOriginProtection()
	d.mux.Handle("GET "+d.prefix+"/authorize", http.HandlerFunc(d.authorize))
	d.mux.Handle("POST "+d.prefix+"/authorize", sameOrigin.Handler(http.HandlerFunc(d.choose)))
	d.mux.HandleFunc("GET "+d.prefix+"/logout", d.logout)
	d.mux.HandleFunc("GET "+d.prefix+"/style.css", d.style)
}

// ServeHTTP answers the issuer's routes and the Cognito API.
func (d *Directory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix); ok {
		d.cognito(w, r, operation)
		return
	}
	d.mux.ServeHTTP(w, r)
}

// crossOrigin lets pages of any origin read the answer, as Cognito does for the
// same endpoints; none of them looks at cookies.
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
