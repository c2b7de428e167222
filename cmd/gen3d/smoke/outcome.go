package smoke

import (
	"fmt"
	"strings"
)

// mismatch is the error of a step whose observation is not the expected one.
type mismatch struct {
	expected, seen string
	advice         string // what to do
}

// Error returns one line for the report.
func (m *mismatch) Error() string {
	return fmt.Sprintf("expected %s; seen: %s; %s", m.expected, oneLine(m.seen), m.advice)
}

// notApplicable is the reason why a step does not apply to this place.
type notApplicable struct{ reason string }

// Error implements error.
func (n *notApplicable) Error() string { return n.reason }

// maxSeen limits what a message quotes, in characters.
const maxSeen = 300

// oneLine returns a text on one line, shortened.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxSeen {
		return string(runes[:maxSeen]) + "…"
	}
	return text
}
