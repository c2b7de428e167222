// Package hub reads repositories of Hugging Face, or of a mirror that speaks as it
// does: which commit a branch is at, which files a commit has with their digests,
// and ranges of a file's bytes.
//
// The facts are those of the hub's own client, huggingface_hub: a repository's
// files come in pages linked by the Link header (utils/_pagination.py); a large
// file's digest is the SHA-256 in lfs.oid, any other's the git blob's SHA-1
// (hf_api.py, RepoFile); a file's address redirects to another host whose links
// are signed and must not see the token (file_download.py); refusals carry
// X-Error-Code, waits Retry-After or RateLimit (utils/_http.py).
//
// Every failure that a person can do something about is a [*Refusal], whose text
// says what.
package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DefaultURL is the hub.
const DefaultURL = "https://huggingface.co"

// Config says which hub, and how to speak to it.
type Config struct {
	URL   string // empty: [DefaultURL]
	Token string // empty: what is public only
	// Transport sends the requests; nil means one of the client's own.
	Transport http.RoundTripper
	// Wait sleeps between attempts; nil means to sleep. Tests replace it.
	Wait func(context.Context, time.Duration) error
	// Notice is told in a sentence why nothing happens for a while; nil means nobody.
	Notice func(string)
	// Stall is how long a body may bring nothing before the connection is given up;
	// 0 means a minute.
	Stall time.Duration
}

// Client reads from one hub. It is safe for concurrent use.
type Client struct {
	base   *url.URL
	token  string
	http   *http.Client
	wait   func(context.Context, time.Duration) error
	notice func(string)
	stall  time.Duration
}

// New checks the address. A token is not sent over plain HTTP, except to this machine.
func New(cfg Config) (*Client, error) {
	if cfg.URL == "" {
		cfg.URL = DefaultURL
	}
	base, err := url.Parse(strings.TrimRight(cfg.URL, "/"))
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") || base.RawQuery != "" {
		return nil, fmt.Errorf("%q is no address of a hub; give one like %s", cfg.URL, DefaultURL)
	}
	if cfg.Token != "" && base.Scheme == "http" && !loopback(base.Hostname()) {
		return nil, fmt.Errorf("the token would go to %s unencrypted; use its https address", base.Host)
	}
	// net/http would name the offending header in an error, value and all.
	if strings.ContainsFunc(cfg.Token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return nil, errors.New("the token of Hugging Face has characters that no token has; copy it again from https://huggingface.co/settings/tokens")
	}
	c := &Client{base: base, token: cfg.Token, wait: cfg.Wait, notice: cfg.Notice, stall: cfg.Stall}
	if c.wait == nil {
		c.wait = sleep
	}
	if c.notice == nil {
		c.notice = func(string) {}
	}
	if c.stall == 0 {
		c.stall = time.Minute
	}
	if cfg.Transport == nil {
		cfg.Transport = transport()
	}
	c.http = &http.Client{
		Transport: cfg.Transport,
		// Redirects are followed here, one by one: net/http would hand the token to
		// another port of the same host, and to its subdomains.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// transport uses HTTP/1: with HTTP/2 all parts of a file would share one
// connection and its flow control, which is slower than several.
func transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.ForceAttemptHTTP2 = false
	t.MaxIdleConnsPerHost = 16
	t.ResponseHeaderTimeout = time.Minute
	t.DisableCompression = true
	return t
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// target is what a request is about, for its refusal.
type target struct {
	repository string // empty: a file that is not of the hub
	revision   string
	path       string
}

// request describes one that can be sent again.
type request struct {
	method string
	url    *url.URL
	header http.Header
	about  target
}

// send sends r until it is answered with something other than a passing fault. The
// answer is a success or a redirect; everything else has become an error.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	var p patience
	for {
		answer, err := c.once(ctx, r)
		if err == nil {
			return answer, nil
		}
		if again := p.again(ctx, c, err); again != nil {
			return nil, again
		}
	}
}

func (c *Client) once(ctx context.Context, r request) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", r.url.Host, err)
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", "gen3d")
	if c.token != "" && c.own(r.url) {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &passing{err: unreachable(r.url, err)}
	}
	if answer.StatusCode < 400 {
		return answer, nil
	}
	discard(answer)
	return nil, c.refuse(r, answer)
}

// own says whether u is the hub itself, to which alone the token goes: the same
// scheme, host and port.
func (c *Client) own(u *url.URL) bool { return u.Scheme == c.base.Scheme && u.Host == c.base.Host }

// unreachable leaves the address out of the error, because a redirect's is signed.
func unreachable(u *url.URL, err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return fmt.Errorf("asking %s: %w", u.Host, err)
}

// discard lets the connection be used again where little is left of the body.
func discard(answer *http.Response) {
	_, _ = io.CopyN(io.Discard, answer.Body, 64<<10) // the connection is at stake, nothing else
	_ = answer.Body.Close()
}

// escape writes a path for an address, each folder apart. A plus is escaped, too:
// some servers read it as a space.
func escape(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(part), "+", "%2B")
	}
	return strings.Join(parts, "/")
}

// at makes an address of the hub from an escaped path.
func (c *Client) at(escaped string) *url.URL {
	u := *c.base
	u.RawPath = strings.TrimRight(u.EscapedPath(), "/") + escaped
	if path, err := url.PathUnescape(u.RawPath); err == nil {
		u.Path = path
	}
	return &u
}
