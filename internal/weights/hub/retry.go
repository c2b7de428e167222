package hub

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	// maxFaults is how many consecutive temporary failures are retried, with
	// increasing delays: two minutes in total.
	maxFaults = 9
	maxPause  = 30 * time.Second
	// maxWait is a request's maximum total wait for a rate limit. The hub's
	// windows are five minutes.
	maxWait = 15 * time.Minute
)

// temporary is a temporary failure, which is retried.
type temporary struct {
	err   error
	after time.Duration // the delay that the server requests; 0: none
	limit bool          // a rate limit, not a failure
}

func (p *temporary) Error() string { return p.err.Error() }
func (p *temporary) Unwrap() error { return p.err }

// retrier counts the attempts of one operation.
type retrier struct {
	faults int
	waited time.Duration
}

// progress resets the count of failures after data has arrived.
func (r *retrier) progress() { r.faults = 0 }

// again waits before the next attempt, or returns the error if there is none.
func (r *retrier) again(ctx context.Context, c *Client, err error) error {
	var fault *temporary
	if !errors.As(err, &fault) {
		return err
	}
	pause := fault.after
	if fault.limit {
		if pause == 0 {
			pause = time.Minute
		}
		if r.waited += pause; r.waited > maxWait {
			return &Refusal{Reason: RateLimited, text: fmt.Sprintf(
				"the hub's rate limit asks to wait %s; run the same command again then, with a token if you have none: what has arrived is kept", pause.Round(time.Second))}
		}
		c.notice(fmt.Sprintf("the hub's rate limit is reached; retrying in %s", pause.Round(time.Second)))
		return c.wait(ctx, pause)
	}
	if r.faults++; r.faults > maxFaults {
		return fault.err
	}
	if pause == 0 || pause > maxPause {
		pause = min(250*time.Millisecond<<r.faults, maxPause)
		pause = pause/2 + rand.N(pause/2) // jitter for parts that fail together
	}
	return c.wait(ctx, pause)
}

// rateLimit matches a RateLimit header without remaining requests (r); t is the
// time until the reset in seconds.
var rateLimit = regexp.MustCompile(`;\s*r\s*=\s*0\s*;\s*t\s*=\s*([0-9]{1,6})`)

// waitFor returns the delay that a server requests; 0 if none.
func waitFor(h http.Header, now time.Time) time.Duration {
	after := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(after, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(after); err == nil {
		return max(0, at.Sub(now).Round(time.Second))
	}
	if match := rateLimit.FindStringSubmatch(h.Get("RateLimit")); match != nil {
		seconds, _ := strconv.Atoi(match[1]) // six digits at most
		return time.Duration(seconds) * time.Second
	}
	return 0
}
