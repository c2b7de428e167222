package webapp

import (
	"gen3d/internal/job"
	"gen3d/internal/photo"
)

// Config is /config.json: what the page must know of the stack that serves it.
// src/config.ts reads it.
type Config struct {
	APIURL  string      `json:"apiUrl"` // prefix of the API, on the page's origin
	Region  string      `json:"region"`
	Stack   string      `json:"stack"`
	Auth    Auth        `json:"auth"`
	Limits  Limits      `json:"limits"`
	Backend job.Backend `json:"backend"`
}

// Auth tells the page where its users sign in.
type Auth struct {
	Authority string `json:"authority"` // the OIDC issuer's URL
	ClientID  string `json:"clientId"`
	Scope     string `json:"scope"`
	LogoutURL string `json:"logoutUrl,omitempty"` // where the issuer has no end_session_endpoint
}

// Limits are the job's limits and the types of photo.
type Limits struct {
	job.Limits
	ContentTypes []string `json:"contentTypes"`
}

// SignIn is the [Auth] of an issuer's client, with the scopes that the page asks
// for. logoutURL may be empty.
func SignIn(authority, clientID, logoutURL string) Auth {
	return Auth{Authority: authority, ClientID: clientID, Scope: "openid email", LogoutURL: logoutURL}
}

// NewConfig is the configuration of one stack.
func NewConfig(region, stack string, auth Auth, limits job.Limits, backend job.Backend) Config {
	return Config{
		APIURL: "/api", Region: region, Stack: stack, Auth: auth,
		Limits: Limits{Limits: limits, ContentTypes: photo.ContentTypes}, Backend: backend,
	}
}
