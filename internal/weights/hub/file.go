package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// File is a file that can be read in ranges. Except for [File.FetchInOrder], it
// is safe for concurrent use.
type File struct {
	c     *Client
	from  *url.URL
	about target
	size  int64
	etag  string // that every response must have; empty: any

	mu       sync.Mutex
	located  *url.URL // URL of the bytes; nil: not located yet
	noRanges bool

	stream   io.ReadCloser // of FetchInOrder
	position int64
}

// File returns a file of a repository at a commit.
func (c *Client) File(repository, commit string, entry Entry) *File {
	return &File{
		c: c, size: entry.Size,
		from:  c.at("/" + repository + "/resolve/" + commit + "/" + escape(entry.Path)),
		about: target{repository: repository, revision: commit, path: entry.Path},
	}
}

// Web returns a file at a URL outside the hub, with the size and entity tag
// that the server reports. Every range is checked against them.
func (c *Client) Web(ctx context.Context, address string) (file *File, size int64, etag string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, 0, "", fmt.Errorf("%q is not a URL: %w", address, err)
	}
	answer, err := c.send(ctx, request{method: http.MethodHead, url: u})
	if err != nil {
		return nil, 0, "", fmt.Errorf("asking for %s: %w", address, err)
	}
	discard(answer)
	etag = answer.Header.Get("ETag")
	if answer.StatusCode != http.StatusOK || answer.ContentLength <= 0 || etag == "" {
		return nil, 0, "", &Refusal{Reason: Failing, text: fmt.Sprintf(
			"%s answers %s without size or entity tag for %s; check the address in --sources", u.Host, answer.Status, u.Path)}
	}
	return &File{c: c, from: u, located: u, size: answer.ContentLength, etag: etag}, answer.ContentLength, etag, nil
}

// Check requests the file without its bytes and returns an error if they are
// not available. sha256 is the digest in the tree, empty for a file in git.
func (f *File) Check(ctx context.Context, sha256 string) error {
	_, err := f.locate(ctx, sha256)
	return err
}

const maxRedirects = 5

// locate returns the URL of the bytes. It follows redirects within the hub; the
// target of the first one that leaves it is the storage.
func (f *File) locate(ctx context.Context, sha256 string) (*url.URL, error) {
	u := f.from
	for range maxRedirects {
		answer, err := f.c.send(ctx, request{method: http.MethodHead, url: u, about: f.about})
		if err != nil {
			return nil, err
		}
		discard(answer)
		if err := f.same(answer.Header, sha256); err != nil {
			return nil, err
		}
		if answer.StatusCode < 300 {
			return f.keep(u), nil
		}
		to, err := u.Parse(answer.Header.Get("Location"))
		if err != nil || answer.Header.Get("Location") == "" {
			return nil, &Refusal{Reason: Failing, text: fmt.Sprintf("%s answers %s for %s and does not say where it is; check --hub", u.Host, answer.Status, f.about.path)}
		}
		if !f.c.own(to) {
			if to.Scheme != "https" && u.Scheme == "https" {
				return nil, &Refusal{Reason: Failing, text: fmt.Sprintf("%s redirects to %s, which is not encrypted; check --hub", u.Host, to.Host)}
			}
			return f.keep(to), nil
		}
		if at := strings.Index(to.Path, "/resolve/"); at > 0 {
			if now := nameIn(to.Path, strings.TrimSuffix(f.c.base.Path, "/")+"/"); now != f.about.repository {
				return nil, renamed(f.about, now)
			}
		}
		u = to
	}
	return nil, &Refusal{Reason: Failing, text: fmt.Sprintf("%s redirects in a circle for %s; check --hub", u.Host, f.about.path)}
}

func (f *File) keep(u *url.URL) *url.URL {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.located = u
	return u
}

// same checks the headers of a file's response against the list.
func (f *File) same(h http.Header, sha256 string) error {
	size, linked := h.Get("X-Linked-Size"), strings.Trim(strings.TrimPrefix(h.Get("X-Linked-Etag"), "W/"), `"`)
	switch {
	case size != "" && size != strconv.FormatInt(f.size, 10), sha256 != "" && sha256Form.MatchString(linked) && linked != sha256:
		return &Refusal{Reason: Altered, text: fmt.Sprintf(
			"the hub lists another %s than it serves; run the same command again, and check --hub if that stays so", f.about.path)}
	}
	return nil
}

// address returns the URL of the bytes, located once, and again after it is
// forgotten.
func (f *File) address(ctx context.Context) (*url.URL, error) {
	f.mu.Lock()
	known := f.located
	f.mu.Unlock()
	if known != nil {
		return known, nil
	}
	return f.locate(ctx, "")
}

// Fetch fills buf with the bytes from offset. After a dropped connection it
// resumes. [ErrNoRanges] means that the file must be read with
// [File.FetchInOrder].
func (f *File) Fetch(ctx context.Context, buf []byte, offset int64) error {
	var retries retrier
	for len(buf) > 0 {
		f.mu.Lock()
		noRanges := f.noRanges
		f.mu.Unlock()
		if noRanges {
			return ErrNoRanges
		}
		n, err := f.fetch(ctx, buf, offset)
		buf, offset = buf[n:], offset+int64(n)
		if n > 0 {
			retries.progress()
		}
		if err == nil {
			continue
		}
		if again := retries.again(ctx, f.c, err); again != nil {
			return again
		}
	}
	return nil
}

func (f *File) fetch(ctx context.Context, buf []byte, offset int64) (int, error) {
	answer, err := f.open(ctx, fmt.Sprintf("bytes=%d-%d", offset, offset+int64(len(buf))-1))
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }() // read completely, or failed
	if answer.StatusCode == http.StatusOK {
		if offset != 0 || int64(len(buf)) != f.size {
			f.mu.Lock()
			f.noRanges = true
			f.mu.Unlock()
			return 0, ErrNoRanges
		}
	} else if err := f.rightRange(answer, offset); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(&stallReader{body: answer.Body, stall: f.c.stall}, buf)
	return n, f.broken(ctx, err)
}

// rightRange checks the start of a response's range, and the size of the file.
func (f *File) rightRange(answer *http.Response, offset int64) error {
	var first, last, size int64
	header := answer.Header.Get("Content-Range")
	if n, err := fmt.Sscanf(header, "bytes %d-%d/%d", &first, &last, &size); n != 3 || err != nil || first != offset || size != f.size {
		return &Refusal{Reason: Altered, text: fmt.Sprintf(
			"the storage serves %.60q of %s, which has %d bytes in the list; run the same command again", header, f.name(), f.size)}
	}
	return nil
}

func (f *File) name() string {
	if f.about.path == "" {
		return f.from.String()
	}
	return f.about.path
}

// broken returns a temporary failure for a body that ended early.
func (f *File) broken(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return &temporary{err: &Refusal{Reason: Failing, text: fmt.Sprintf(
		"the download of %s fails repeatedly (%v); run the same command later: what has arrived is kept", f.name(), err)}}
}

// open requests bytes. After a refusal by the storage it locates the file once
// more: the signed URL may have expired. It then does not use what another part
// has located, which may be older than the refusal.
func (f *File) open(ctx context.Context, bytes string) (*http.Response, error) {
	header := http.Header{"Accept-Encoding": {"identity"}}
	if bytes != "" {
		header.Set("Range", bytes)
	}
	for attempt := 0; ; attempt++ {
		locate := f.address
		if attempt > 0 {
			locate = func(ctx context.Context) (*url.URL, error) { return f.locate(ctx, "") }
		}
		u, err := locate(ctx)
		if err != nil {
			return nil, err
		}
		answer, err := f.c.once(ctx, request{method: http.MethodGet, url: u, header: header, about: f.about})
		var refused *storageRefusal
		switch {
		case errors.As(err, &refused) && attempt == 0 && f.etag == "":
			f.forget(u)
			continue
		case err != nil:
			return nil, err
		case answer.StatusCode == http.StatusOK && (f.etag == "" || answer.Header.Get("ETag") == f.etag) && (answer.ContentLength < 0 || answer.ContentLength == f.size),
			answer.StatusCode == http.StatusPartialContent && (f.etag == "" || answer.Header.Get("ETag") == f.etag):
			return answer, nil
		case answer.StatusCode >= 300 && attempt == 0 && f.etag == "":
			// The located URL now redirects.
			discard(answer)
			f.forget(u)
			continue
		}
		_ = answer.Body.Close()
		return nil, &Refusal{Reason: Altered, text: fmt.Sprintf(
			"%s serves another %s than was listed; run the same command again", u.Host, f.name())}
	}
}

func (f *File) forget(u *url.URL) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.located == u {
		f.located = nil
	}
}

// FetchInOrder fills buf from a stream of the whole file, for servers that
// ignore ranges. If offsets increase from call to call, the file is read once;
// skipped bytes are discarded. After a dropped connection the stream starts
// again. Calls must not be concurrent.
func (f *File) FetchInOrder(ctx context.Context, buf []byte, offset int64) error {
	var retries retrier
	for {
		err := f.fetchInOrder(ctx, buf, offset)
		if err == nil {
			return nil
		}
		f.Close()
		if again := retries.again(ctx, f.c, err); again != nil {
			return again
		}
	}
}

func (f *File) fetchInOrder(ctx context.Context, buf []byte, offset int64) error {
	if f.stream == nil || f.position > offset {
		f.Close()
		answer, err := f.open(ctx, "") //nolint:bodyclose // stored as the stream, which Close closes
		if err != nil {
			return err
		}
		f.stream, f.position = answer.Body, 0
	}
	body := &stallReader{body: f.stream, stall: f.c.stall}
	skipped, err := io.CopyN(io.Discard, body, offset-f.position)
	f.position += skipped
	if err != nil {
		return f.broken(ctx, err)
	}
	n, err := io.ReadFull(body, buf)
	f.position += int64(n)
	return f.broken(ctx, err)
}

// Close closes the stream of FetchInOrder, if any.
func (f *File) Close() {
	if f.stream != nil {
		_ = f.stream.Close() // only reading
		f.stream = nil
	}
}
