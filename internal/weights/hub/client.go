// Package hub reads repositories of Hugging Face, or of a compatible mirror:
// the commit of a branch, the files of a commit with their digests, and ranges
// of a file's bytes.
//
// The protocol is that of the hub's own client, huggingface_hub: a repository's
// files are listed in pages linked by the Link header (utils/_pagination.py);
// the digest of a large file is the SHA-256 in lfs.oid, that of any other the
// git blob's SHA-1 (hf_api.py, RepoFile); a file's URL redirects to another
// host with signed URLs, which must not receive the token (file_download.py);
// refusals have the header X-Error-Code, rate limits Retry-After or RateLimit
// (utils/_http.py).
//
// Every failure that the user can fix is a [*Refusal], whose text says how.
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

// DefaultURL is the URL of Hugging Face.
const DefaultURL = "https://huggingface.co"

// Config has the hub's URL and the client's settings.
type Config struct {
	URL   string // empty: [DefaultURL]
	Token string // empty: public repositories only
	// Transport sends the requests; nil means a new one.
	Transport http.RoundTripper
	// Wait waits between attempts; nil means to sleep. Tests replace it.
	Wait func(context.Context, time.Duration) error
	// Notice is called with a sentence that explains a long wait; nil means no
	// call.
	Notice func(string)
	// Stall is the time without data after which a response body fails; 0 means
	// a minute.
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

// New returns a client. It refuses to send a token over plain HTTP, except to a
// loopback address.
func New(cfg Config) (*Client, error) {
	if cfg.URL == "" {
		cfg.URL = DefaultURL
	}
	base, err := url.Parse(strings.TrimRight(cfg.URL, "/"))
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") || base.RawQuery != "" {
		return nil, fmt.Errorf("%q is not the URL of a hub; give one like %s", cfg.URL, DefaultURL)
	}
	if cfg.Token != "" && base.Scheme == "http" && !loopback(base.Hostname()) {
		return nil, fmt.Errorf("the token would go to %s unencrypted; use its https address", base.Host)
	}
	// net/http's error for an invalid header contains its value.
	if strings.ContainsFunc(cfg.Token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return nil, errors.New("the token of Hugging Face has invalid characters; copy it again from https://huggingface.co/settings/tokens")
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
		// Redirects are followed by this package: net/http would send the token
		// to other ports of the same host, and to its subdomains.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// transport returns a transport for HTTP/1: with HTTP/2 all parts of a file
// would share one connection and its flow control, which is slower.
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

// target is the subject of a request, for the text of a refusal.
type target struct {
	repository string // empty: a file that is not on the hub
	revision   string
	path       string
}

// request is a request that can be repeated.
type request struct {
	method string
	url    *url.URL
	header http.Header
	about  target
}

// send sends r and retries temporary failures. The response is a success or a
// redirect; everything else is an error.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	var retries retrier
	for {
		answer, err := c.once(ctx, r)
		if err == nil {
			return answer, nil
		}
		if again := retries.again(ctx, c, err); again != nil {
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
		return nil, &temporary{err: unreachable(r.url, err)}
	}
	if answer.StatusCode < 400 {
		return answer, nil
	}
	discard(answer)
	return nil, c.refuse(r, answer)
}

// own reports whether u is on the hub, with the same scheme, host and port. The
// token is sent only there.
func (c *Client) own(u *url.URL) bool { return u.Scheme == c.base.Scheme && u.Host == c.base.Host }

// unreachable removes the URL from the error, because a redirect's is signed.
func unreachable(u *url.URL, err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return fmt.Errorf("asking %s: %w", u.Host, err)
}

// discard reads the rest of a short body, so that the connection can be reused.
func discard(answer *http.Response) {
	_, _ = io.CopyN(io.Discard, answer.Body, 64<<10) // an error only prevents the reuse
	_ = answer.Body.Close()
}

// escape escapes the segments of a path for a URL. A plus is escaped too: some
// servers decode it as a space.
func escape(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(part), "+", "%2B")
	}
	return strings.Join(parts, "/")
}

// at returns the URL of an escaped path on the hub.
func (c *Client) at(escaped string) *url.URL {
	u := *c.base
	u.RawPath = strings.TrimRight(u.EscapedPath(), "/") + escaped
	if path, err := url.PathUnescape(u.RawPath); err == nil {
		u.Path = path
	}
	return &u
}
