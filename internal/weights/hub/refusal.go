package hub

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// Reason is the reason of a refusal.
type Reason string

// The reasons that the user can fix.
const (
	NoToken      Reason = "no_token"      // gated, and no token was sent
	NotGranted   Reason = "not_granted"   // gated, and the token's account has no access (yet)
	TokenRefused Reason = "token_refused" // the token itself
	NotFound     Reason = "not_found"     // repository, revision or file
	Renamed      Reason = "renamed"       // the repository has another name now
	RateLimited  Reason = "rate_limited"  // for longer than the client waits
	Failing      Reason = "failing"       // the hub or its storage fails
	Altered      Reason = "altered"       // the file differs from the listed one
)

// Refusal is a failure that a retry does not fix. Its text says what to do.
type Refusal struct {
	Reason Reason
	text   string
}

func (r *Refusal) Error() string { return r.text }

const settingsPage = "https://huggingface.co/settings/tokens"

// refuse returns the error for a response of status 400 or more.
func (c *Client) refuse(r request, answer *http.Response) error {
	status := answer.StatusCode
	switch {
	case status == http.StatusTooManyRequests:
		return &temporary{err: fmt.Errorf("%s answers %s", r.url.Host, answer.Status), after: waitFor(answer.Header, time.Now()), limit: true}
	case status == http.StatusRequestTimeout || status >= 500:
		return &temporary{
			err: &Refusal{Reason: Failing, text: fmt.Sprintf(
				"%s answers %s repeatedly; run the same command later: what has arrived is kept", r.url.Host, answer.Status)},
			after: waitFor(answer.Header, time.Now()),
		}
	case !c.own(r.url):
		return &storageRefusal{status: status, host: r.url.Host}
	}
	return c.explain(r.about, status, answer.Header.Get("X-Error-Code"), printable(answer.Header.Get("X-Error-Message")))
}

func (c *Client) explain(about target, status int, code, message string) error {
	page := c.base.String() + "/" + about.repository
	refusal := func(reason Reason, format string, args ...any) error {
		return &Refusal{Reason: reason, text: fmt.Sprintf(format, args...)}
	}
	said := ""
	if message != "" {
		said = " (the hub says: " + message + ")"
	}
	lower := strings.ToLower(message)
	switch {
	case code == "GatedRepo" && c.token == "":
		return refusal(NoToken, "%s is gated and there is no token: ask for access at %s, make a token with read access at %s, "+
			"and put it in HF_TOKEN or, for a stack, in its setting gen3d:huggingFaceToken", about.repository, page, settingsPage)
	case code == "GatedRepo" && strings.Contains(lower, "awaiting"):
		return refusal(NotGranted, "access to %s has been asked for and not been granted yet, which can take days: "+
			"see %s, and run the same command once it is%s", about.repository, page, said)
	case code == "GatedRepo" && strings.Contains(lower, "rejected"):
		return refusal(NotGranted, "the owners of %s have refused access to this token's account: see %s, "+
			"or use the token of an account that has access%s", about.repository, page, said)
	case code == "GatedRepo":
		return refusal(NotGranted, "this token's account has no access to %s: ask for it at %s (approval can take days), "+
			"or use a token of an account that has it%s", about.repository, page, said)
	case status == http.StatusUnauthorized && code != "RepoNotFound" && c.token != "":
		return refusal(TokenRefused, "Hugging Face refuses the token: make a new one with read access at %s, "+
			"and put it in HF_TOKEN or, for a stack, in its setting gen3d:huggingFaceToken%s", settingsPage, said)
	case code == "RevisionNotFound":
		return refusal(NotFound, "%s has no revision %s: see %s, and give another one with --sources", about.repository, about.revision, page)
	case code == "EntryNotFound":
		return refusal(NotFound, "%s has no %s at %s: see %s, and give the right path with --sources", about.repository, about.path, about.revision, page)
	case status == http.StatusForbidden:
		return refusal(NotGranted, "Hugging Face does not let this token read %s: "+
			"a fine-grained token needs read access to public gated repositories, see %s%s", about.repository, settingsPage, said)
	case code == "RepoNotFound", status == http.StatusUnauthorized, status == http.StatusNotFound, status == http.StatusGone:
		return refusal(NotFound, "the hub shows no repository %s%s: it may have been renamed, removed or made private; see %s, "+
			"and give its new name with --sources", about.repository, c.audience(), page)
	}
	return refusal(Failing, "the hub answers %d for %s%s: see %s", status, about.repository, said, page)
}

func (c *Client) audience() string {
	if c.token == "" {
		return " without a token"
	}
	return " to this token's account"
}

// renamed refuses a renamed repository: the old name may belong to another
// account later, and loading these files runs code.
func renamed(about target, now string) error {
	return &Refusal{Reason: Renamed, text: fmt.Sprintf(
		"the hub sends requests for %s on to %s: if that is the same model, give the new name with --sources", about.repository, now)}
}

// storageRefusal is a 4xx response of the storage, as for an expired signed
// URL.
type storageRefusal struct {
	status int
	host   string
}

func (s *storageRefusal) Error() string {
	return fmt.Sprintf("%s answers %d; run the same command again", s.host, s.status)
}

// printable limits a server's message to one line of printable text.
func printable(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }), " ")
	const most = 300
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return strings.TrimSuffix(text, ".")
}
