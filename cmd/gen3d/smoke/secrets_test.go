package smoke

import (
	"strings"
	"testing"
	"time"
)

func TestSecretsAreHidden(t *testing.T) {
	s := &secrets{}
	s.add("eyJhbGciOi")
	s.add("") // hides nothing
	for text, want := range map[string]string{
		"the token eyJhbGciOi is refused":                                         "the token (secret) is refused",
		"GET https://b.s3.amazonaws.com/k?X-Amz-Signature=abc&x-id=GetObject: 1":  "GET https://b.s3.amazonaws.com/k?X-Amz-Signature=(secret)&x-id=GetObject: 1",
		`Get "https://h/callback?code=ABC&state=DEF": EOF`:                        `Get "https://h/callback?code=(secret)&state=(secret)": EOF`,
		"https://h/api/jobs?limit=50&cursor=7ybq":                                 "https://h/api/jobs?limit=50&cursor=7ybq",
		`status 200 {"upload":{"fields":{"X-Amz-Signature":"0f3a","policy":"aGk=`: `status 200 {"upload":{"fields":{"X-Amz-Signature":"(secret)","policy":"(secret)`,
		"not verified: admin@example.com":                                         "not verified: (address)",
		"size = 5, a=b":                                                           "size = 5, a=b",
	} {
		if got := s.hide(text); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
}

func TestLabelsTellWhenTheirRunHasEnded(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	label := newLabel(now, 30*time.Minute)
	if !strings.HasPrefix(label, "gen3d-smoke-20260304t072107z-") {
		t.Errorf("the label is %q", label)
	}
	ends := now.Add(waits*30*time.Minute + margin)
	if leftOver(label+"-cup.jpg", ends) || !leftOver(label+"-cup.jpg", ends.Add(time.Second)) {
		t.Error("a run is taken for ended, or an ended one for running")
	}
	for _, name := range []string{"", "cup.jpg", "gen3d-smoke-", "gen3d-smoke-notatime0000000-x", "x-gen3d-smoke-20200101t000000z-x"} {
		if leftOver(name, ends) {
			t.Errorf("%q is taken for left by a run", name)
		}
	}
}

func TestMessagesAreOneShortLine(t *testing.T) {
	m := &mismatch{"1 mail", "none:\n  " + strings.Repeat("long ", 200), "look at the log"}
	if text := m.Error(); strings.Contains(text, "\n") || len(text) > 400 || !strings.HasSuffix(text, "…; look at the log") {
		t.Errorf("the message is %q", text)
	}
}

func TestEachStepNeedsOnlyEarlierOnes(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range checks {
		for _, need := range c.needs {
			if !seen[need] {
				t.Errorf("the step %s needs %s, which is not an earlier one", c.name, need)
			}
		}
		if seen[c.name] {
			t.Errorf("two steps are called %s", c.name)
		}
		seen[c.name] = true
	}
}
