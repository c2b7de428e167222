package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"

	"gen3d/internal/job"
)

// PageConfig is /config.json: what the page must know of the stack that serves
// it. In the cloud it is written from the stack's outputs.
type PageConfig struct {
	APIURL  string      `json:"apiUrl"`
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

// ServeHTTP answers with the configuration.
func (c PageConfig) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	data, err := json.Marshal(c)
	if err != nil {
		http.Error(w, fmt.Sprintf("writing the page's configuration: %v", err), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(data)
}
