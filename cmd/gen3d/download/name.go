package download

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SafeName returns a relative key as a name for [File]. What no file can be
// called is percent-encoded.
func SafeName(key string) string {
	parts := strings.Split(key, "/")
	for i, part := range parts {
		parts[i] = safePart(part)
	}
	return strings.Join(parts, "/")
}

func safePart(part string) string {
	switch part {
	case "":
		return "%"
	case ".", "..":
		return strings.ReplaceAll(part, ".", "%2E")
	}
	var b strings.Builder
	for i := 0; i < len(part); {
		r, size := utf8.DecodeRuneInString(part[i:])
		if r == utf8.RuneError || unicode.IsControl(r) || strings.ContainsRune(`\:*?"<>|%`, r) {
			for _, c := range []byte(part[i : i+size]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		} else {
			b.WriteString(part[i : i+size])
		}
		i += size
	}
	return b.String()
}
