// Package webapp gives the servers of the page its security headers and its
// configuration, so that the page is served alike everywhere it is tested and run.
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

// Headers are what every answer of the page carries. bucket is the URL that
// photos are posted to and meshes come from, signIn those that the page speaks
// to for the sign-in: the issuer's and, where they have another origin, its
// pages'. Only the origins count.
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

// origin cuts a URL to scheme, host and port: a source with a path would allow
// just that path.
func origin(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}
