package api

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gen3d/internal/job"
)

// noName replaces a name of which no character is usable.
const noName = "photo"

// maxSafeName limits a photo's name in its key, in bytes.
const maxSafeName = 100

// safeName converts a photo's name to a part of a key. It keeps letters and
// digits of every script, spaces and a few punctuation marks that need no
// escaping. A run of other characters becomes one hyphen. An image extension is
// removed, because the key gets the one of the photo's type.
func safeName(name string) string {
	for _, suffix := range job.ImageSuffixes {
		if cut := len(name) - len(suffix); cut >= 0 && strings.EqualFold(name[cut:], suffix) {
			name = name[:cut]
			break
		}
	}
	var b strings.Builder
	last := '-'
	for _, r := range name {
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case !unicode.In(r, unicode.L, unicode.M, unicode.Nd) && !strings.ContainsRune("._-()'!", r):
			r = '-'
		}
		if (r == ' ' || r == '-') && (last == ' ' || last == '-') {
			continue
		}
		if b.Len()+utf8.RuneLen(r) > maxSafeName {
			break
		}
		b.WriteRune(r)
		last = r
	}
	// A leading dot hides a file, and "." and ".." are path elements.
	safe := strings.Trim(b.String(), " .-")
	if safe == "" {
		return noName
	}
	return safe
}

// fileName returns the name under which an object's downloads are saved,
// without the format's suffix: the photo's name, the object's number and its
// label, as in cat-1-ear.
func fileName(photo string, n int, label string) string {
	name := safeName(photo) + "-" + strconv.Itoa(n)
	if label = safeName(label); label != "" && label != noName {
		name += "-" + label
	}
	return name
}
