// Package webapp defines the security headers and the configuration of the page,
// so that every server of the page sends the same ones.
package webapp

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

//go:embed csp.json
var policy []byte

// Headers returns the headers of every response of the page. bucket is the URL
// that photos are posted to and meshes are fetched from; signIn are the URLs of
// the issuer and of its sign-in pages, if those have another origin. Only the
// origins are used.
func Headers(bucket string, signIn ...string) (map[string]string, error) {
	var directives map[string][]string
	if err := json.Unmarshal(policy, &directives); err != nil {
		return nil, fmt.Errorf("reading the page's policy csp.json: %w", err)
	}
	origins := make([]string, len(signIn))
	for i, url := range signIn {
		origins[i] = origin(url)
	}
	replace := strings.NewReplacer("{bucket}", origin(bucket), "{issuer}", strings.Join(origins, " "))
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(directives)) {
		parts = append(parts, name+" "+replace.Replace(strings.Join(directives[name], " ")))
	}
	return map[string]string{
		"Content-Security-Policy":    strings.Join(parts, "; "),
		"Cross-Origin-Opener-Policy": "same-origin",
		"Permissions-Policy":         "camera=(), geolocation=(), microphone=()",
		"Referrer-Policy":            "same-origin",
		"X-Content-Type-Options":     "nosniff",
		"X-Frame-Options":            "DENY",
	}, nil
}

// origin returns the scheme, host and port of a URL: a source with a path would
// allow only that path.
func origin(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}
