// Package redact removes from log lines and error messages what must not be
// printed: mail addresses, tokens and keys.
package redact

import (
	"regexp"

	"gen3d/cmd/gen3d/console"
)

var secrets = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?`), "(token)"},
	{regexp.MustCompile(`(?i)\bbearer\s+[^\s"',]+`), "(token)"},
	{regexp.MustCompile(`\bhf_[A-Za-z0-9]{8,}`), "(token)"},
	{regexp.MustCompile(`\b(AKIA|ASIA)[0-9A-Z]{16}\b`), "(key)"},
	{regexp.MustCompile(`(?i)(x-amz-(?:signature|credential|security-token)=)[^&\s"']+`), "$1(secret)"},
	{regexp.MustCompile(`[A-Za-z0-9._%+'-]+(@|%40)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+`), "(address)"},
}

// Line returns a text without secrets, addresses and control characters, and
// with at most limit characters.
func Line(text string, limit int) string {
	for _, s := range secrets {
		text = s.pattern.ReplaceAllString(text, s.by)
	}
	runes := []rune(console.Plain(text))
	if len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return string(runes)
}
