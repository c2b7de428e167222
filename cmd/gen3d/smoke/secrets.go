package smoke

import (
	"regexp"
	"strings"
	"sync"

	"gen3d/cmd/gen3d/redact"
)

// hidden replaces a secret in traces and messages.
const hidden = "(secret)"

// open are the query parameters whose values are shown. All others, such as
// those of presigned URLs and of the sign-in, are hidden.
var open = map[string]bool{
	"limit": true, "cursor": true, "list-type": true, "prefix": true, "delete": true, "versions": true,
	"max-keys": true, "x-id": true, "response_type": true, "scope": true, "start-after": true,
}

// parameter matches a parameter of a URL's query.
var parameter = regexp.MustCompile(`([?&])([A-Za-z0-9_.%-]+)=([^&\s"'<>]*)`)

// secrets hides in texts what [redact] knows, what the run has made, such as
// passwords, and the parameters of URLs.
type secrets struct {
	mu    sync.Mutex
	known []string
}

// add makes a text a secret.
func (s *secrets) add(text string) {
	if text == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = append(s.known, text)
}

// hide returns the text without secrets.
func (s *secrets) hide(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.known {
		text = strings.ReplaceAll(text, secret, hidden)
	}
	text = parameter.ReplaceAllStringFunc(text, func(match string) string {
		parts := parameter.FindStringSubmatch(match)
		if open[parts[2]] {
			return match
		}
		return parts[1] + parts[2] + "=" + hidden
	})
	return redact.Text(text)
}
