package webapp

import (
	"runtime/debug"

	"gen3d/internal/job"
	"gen3d/internal/photo"
)

// Config is /config.json: the settings of the stack that serves the page.
// src/config.ts parses it.
type Config struct {
	APIURL  string      `json:"apiUrl"` // prefix of the API, on the page's origin
	Region  string      `json:"region"`
	Stack   string      `json:"stack"`
	Auth    Auth        `json:"auth"`
	Limits  Limits      `json:"limits"`
	Backend job.Backend `json:"backend"`
	// WakeOnPhoto tells the page to send POST /api/wake when a user has chosen
	// a photo.
	WakeOnPhoto bool `json:"wakeOnPhoto"`
	// SupportEmail is where users send questions; empty if nowhere.
	SupportEmail string `json:"supportEmail,omitempty"`
	// KeptDays is after how many days photos and results are deleted, 0 if
	// only their users delete them. ErasedDays is for how many days deleted
	// ones can be restored, 0 if they cannot.
	KeptDays   int `json:"keptDays,omitempty"`
	ErasedDays int `json:"erasedDays,omitempty"`
	// Version is that of the program that serves or deploys the page. It is
	// empty if the go command has written none into it.
	Version string `json:"version,omitempty"`
}

// Auth is the OpenID Connect client that the page signs in with.
type Auth struct {
	Authority string `json:"authority"` // the OIDC issuer's URL
	ClientID  string `json:"clientId"`
	Scope     string `json:"scope"`
	LogoutURL string `json:"logoutUrl,omitempty"` // set if the issuer has no end_session_endpoint
}

// Limits are the limits of a job and the accepted media types of a photo.
type Limits struct {
	job.Limits
	ContentTypes []string `json:"contentTypes"`
}

// SignIn returns the [Auth] of an issuer's client, with the scopes that the page
// requests. logoutURL may be empty.
func SignIn(authority, clientID, logoutURL string) Auth {
	return Auth{Authority: authority, ClientID: clientID, Scope: "openid email", LogoutURL: logoutURL}
}

// NewConfig returns the configuration of one stack.
func NewConfig(region, stack string, auth Auth, limits job.Limits, backend job.Backend, wakeOnPhoto bool) Config {
	return Config{
		APIURL: "/api", Region: region, Stack: stack, Auth: auth,
		Limits: Limits{Limits: limits, ContentTypes: photo.ContentTypes}, Backend: backend, WakeOnPhoto: wakeOnPhoto,
		Version: version(),
	}
}

// version returns the main module's version: a tag, or a commit's
// pseudo-version.
func version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok || build.Main.Version == "(devel)" {
		return ""
	}
	return build.Main.Version
}
