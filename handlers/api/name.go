package api

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gen3d/internal/job"
)

// noName stands for a name of which nothing is left.
const noName = "photo"

// maxSafeName is the most bytes of a photo's name in its key.
const maxSafeName = 100

// safeName makes a photo's name part of a key: letters and digits of any
// script, blanks and a few signs that need no care anywhere stay;
// everything else becomes a hyphen, and of a run of these the first is kept. An image suffix
// goes, because the key gets the one of the photo's type.
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
	// A leading dot hides a file, and dots alone are a step in a path.
	safe := strings.Trim(b.String(), " .-")
	if safe == "" {
		return noName
	}
	return safe
}

// fileName is what the downloads of an object are saved as, without the suffix
// of their format: the photo's name, the object's number and label, as
// cat-1-ear.
func fileName(photo string, n int, label string) string {
	name := safeName(photo) + "-" + strconv.Itoa(n)
	if label = safeName(label); label != "" && label != noName {
		name += "-" + label
	}
	return name
}
