package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// Entry is a file of a repository.
type Entry struct {
	Path string // from the repository's root
	Size int64  // bytes
	// SHA256 of the contents, for a file stored outside git (LFS); else empty.
	SHA256 string
	// GitOID is the id of the git blob: the SHA-1 of its header and the
	// contents. For a file with SHA256 it is that of the LFS pointer.
	GitOID string
}

const (
	answerLimit = 32 << 20 // bytes of JSON; a page has at most 1,000 files
	maxPages    = 1000
)

var (
	sha1Form   = regexp.MustCompile(`^[0-9a-f]{40}$`)
	sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Commit resolves a branch, a tag or a commit to a commit.
func (c *Client) Commit(ctx context.Context, repository, revision string) (string, error) {
	u := c.at("/api/models/" + repository + "/revision/" + strings.ReplaceAll(escape(revision), "/", "%2F"))
	var model struct {
		SHA string `json:"sha"`
	}
	if _, err := c.read(ctx, u, target{repository: repository, revision: revision}, &model); err != nil {
		return "", err
	}
	if !sha1Form.MatchString(model.SHA) {
		return "", fmt.Errorf("asking for the commit of %s at %s: the hub's answer names none", repository, revision)
	}
	if sha1Form.MatchString(revision) && model.SHA != revision {
		return "", fmt.Errorf("asking for the commit %s of %s: the hub answers with the commit %s", revision, repository, model.SHA)
	}
	return model.SHA, nil
}

// Tree lists the files of a folder and of those inside it; an empty folder
// means the whole repository.
func (c *Client) Tree(ctx context.Context, repository, commit, folder string) ([]Entry, error) {
	about := target{repository: repository, revision: commit, path: folder}
	path := "/api/models/" + repository + "/tree/" + commit
	if folder != "" {
		path += "/" + strings.ReplaceAll(escape(folder), "/", "%2F")
	}
	u := c.at(path)
	u.RawQuery = "recursive=true"
	var files []Entry
	for range maxPages {
		var page []entry
		header, err := c.read(ctx, u, about, &page)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			if e.Type != "file" {
				continue
			}
			file, err := e.check()
			if err != nil {
				return nil, fmt.Errorf("listing %s: %w", repository, err)
			}
			files = append(files, file)
		}
		next := nextPage(header)
		if next == nil {
			return files, nil
		}
		// Only the query is used: a mirror's link may have the host of the
		// mirrored hub.
		u = c.at(path)
		u.RawQuery = next.RawQuery
	}
	return nil, fmt.Errorf("listing %s: the hub's pages do not end", repository)
}

// entry is a file, folder or submodule in the hub's format.
type entry struct {
	Type string `json:"type"`
	Path string `json:"path"`
	Size int64  `json:"size"`
	OID  string `json:"oid"`
	LFS  *struct {
		OID  string `json:"oid"`
		Size int64  `json:"size"`
	} `json:"lfs"`
}

// check validates a file: its path becomes a key and a file name, and its
// digest is verified.
func (e entry) check() (Entry, error) {
	file := Entry{Path: e.Path, Size: e.Size, GitOID: e.OID}
	if e.LFS != nil {
		file.Size, file.SHA256 = e.LFS.Size, strings.TrimPrefix(e.LFS.OID, "sha256:")
	}
	switch {
	case !fs.ValidPath(e.Path) || e.Path == "." || strings.ContainsFunc(e.Path, unicode.IsControl) || len(e.Path) > 512:
		return Entry{}, fmt.Errorf("the hub names a file %.80q, which is not a valid path", e.Path)
	case file.Size < 0:
		return Entry{}, fmt.Errorf("the hub gives %s a size of %d", e.Path, file.Size)
	case e.LFS != nil && !sha256Form.MatchString(file.SHA256), e.LFS == nil && !sha1Form.MatchString(e.OID):
		return Entry{}, fmt.Errorf("the hub gives %s an invalid digest", e.Path)
	}
	return file, nil
}

// read requests a JSON document of the hub.
func (c *Client) read(ctx context.Context, u *url.URL, about target, into any) (http.Header, error) {
	var retries retrier
	for {
		header, err := c.readOnce(ctx, u, about, into)
		if err == nil {
			return header, nil
		}
		if again := retries.again(ctx, c, err); again != nil {
			return nil, again
		}
	}
}

func (c *Client) readOnce(ctx context.Context, u *url.URL, about target, into any) (http.Header, error) {
	answer, err := c.once(ctx, request{method: http.MethodGet, url: u, about: about})
	if err != nil {
		return nil, err
	}
	defer discard(answer)
	if answer.StatusCode != http.StatusOK {
		if now := nameIn(answer.Header.Get("Location"), "/api/models/"); now != "" && now != about.repository {
			return nil, renamed(about, now)
		}
		return nil, &Refusal{Reason: Failing, text: fmt.Sprintf(
			"%s answers %s where a hub gives a list; check --hub", u.Host, answer.Status)}
	}
	body, err := io.ReadAll(io.LimitReader(&stallReader{body: answer.Body, stall: c.stall}, answerLimit))
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &temporary{err: unreachable(u, err)}
	}
	if err := json.Unmarshal(body, into); err != nil {
		return nil, fmt.Errorf("reading the answer of %s about %s: %w; check --hub", u.Host, about.repository, err)
	}
	return answer.Header, nil
}

// nameIn returns owner/name after a prefix of a URL's path.
func nameIn(location, prefix string) string {
	u, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(u.Path, prefix) {
		return ""
	}
	parts := strings.Split(strings.TrimPrefix(u.Path, prefix), "/")
	if len(parts) < 2 || parts[0] == "" || parts[1] == "" {
		return ""
	}
	return printable(parts[0] + "/" + parts[1])
}

// nextPage returns the next page of a Link header (RFC 8288), or nil.
func nextPage(h http.Header) *url.URL {
	for _, value := range h.Values("Link") {
		for link := range strings.SplitSeq(value, ",") {
			address, parameters, ok := strings.Cut(strings.TrimSpace(link), ">")
			if !ok || !strings.HasPrefix(address, "<") || !isNext(parameters) {
				continue
			}
			if u, err := url.Parse(address[1:]); err == nil {
				return u
			}
		}
	}
	return nil
}

func isNext(parameters string) bool {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if strings.EqualFold(name, "rel") && strings.EqualFold(strings.Trim(value, `"`), "next") {
			return true
		}
	}
	return false
}

// ErrNoRanges is returned if a server responds to a range request with the
// whole file.
var ErrNoRanges = errors.New("the server ignores ranges")
