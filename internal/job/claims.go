package job

import "time"

// Claims is claims.json: the user's jobs that have one of the places for
// unfinished jobs ([Limits.MaxUnfinished]), and when the user has asked for an
// instance. A job gets its place after its pending marker is written, so an
// entry without a marker belongs to a job that has ended, and its place is free.
type Claims struct {
	Version int `json:"version"`
	// Jobs maps each job to the time at which it got its place.
	Jobs map[ID]time.Time `json:"jobs"`
	// Wakes are the times of the last day at which the user has asked for an
	// instance without a job, the latest last.
	Wakes []time.Time `json:"wakes,omitempty"`
}

// mostUnfinished limits [Limits.MaxUnfinished], so that [Claims] stay a small
// document.
const mostUnfinished = 1000

// A user who chooses photos and submits none pays nothing for the instances
// that start for them. These limits bound their number.
const (
	wakeInterval = time.Minute
	wakeDay      = 24 * time.Hour
	wakesPerDay  = 10
)

// ClaimsLife is how long claims are of use that have no unfinished job: the
// wakes in them count for a day.
const ClaimsLife = wakeDay

// Wake records that the user asks for an instance. If the user may not, it
// records nothing and returns how long to wait: a user may ask once a minute and
// ten times in 24 hours.
func (c *Claims) Wake(now time.Time) (wait time.Duration) {
	for len(c.Wakes) > 0 && now.Sub(c.Wakes[0]) >= wakeDay {
		c.Wakes = c.Wakes[1:]
	}
	if n := len(c.Wakes); n > 0 {
		wait = c.Wakes[n-1].Add(wakeInterval).Sub(now)
		if n >= wakesPerDay {
			wait = max(wait, c.Wakes[0].Add(wakeDay).Sub(now))
		}
	}
	if wait > 0 {
		return wait
	}
	c.Wakes = append(c.Wakes, now.UTC())
	return 0
}
