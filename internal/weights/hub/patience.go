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
	// maxFaults is how many passing faults in a row are borne, with growing pauses:
	// two minutes in all.
	maxFaults = 9
	maxPause  = 30 * time.Second
	// maxWait bounds what a request waits in all for a rate limit. The hub counts
	// in windows of five minutes.
	maxWait = 15 * time.Minute
)

// passing is a fault that may be gone at the next attempt.
type passing struct {
	err   error
	after time.Duration // what the server asks to wait; 0: it does not say
	limit bool          // a rate limit, not a fault
}

func (p *passing) Error() string { return p.err.Error() }
func (p *passing) Unwrap() error { return p.err }

// patience counts the attempts at one thing.
type patience struct {
	faults int
	waited time.Duration
}

// progress forgets the faults: something came through.
func (p *patience) progress() { p.faults = 0 }

// again waits before the next attempt; an error means that there is none.
func (p *patience) again(ctx context.Context, c *Client, err error) error {
	var fault *passing
	if !errors.As(err, &fault) {
		return err
	}
	pause := fault.after
	if fault.limit {
		if pause == 0 {
			pause = time.Minute
		}
		if p.waited += pause; p.waited > maxWait {
			return &Refusal{Reason: RateLimited, text: fmt.Sprintf(
				"the hub's rate limit asks to wait %s; run the same command again then, with a token if you have none: what has arrived is kept", pause.Round(time.Second))}
		}
		c.notice(fmt.Sprintf("the hub's rate limit is reached; going on in %s", pause.Round(time.Second)))
		return c.wait(ctx, pause)
	}
	if p.faults++; p.faults > maxFaults {
		return fault.err
	}
	if pause == 0 || pause > maxPause {
		pause = min(250*time.Millisecond<<p.faults, maxPause)
		pause = pause/2 + rand.N(pause/2) // several parts fail at once and should not come back at once
	}
	return c.wait(ctx, pause)
}

// rateLimit is the RateLimit header: what is left (r) and for how long (t, seconds).
var rateLimit = regexp.MustCompile(`;\s*r\s*=\s*0\s*;\s*t\s*=\s*([0-9]{1,6})`)

// waitFor reads how long a server asks to wait; 0 where it does not say.
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
