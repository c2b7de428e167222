package job

import "time"

// Claims is claims.json: the user's jobs that have one of the places for
// unfinished jobs ([Limits.MaxUnfinished]). A job gets its place after its
// pending marker is written, so an entry without a marker belongs to a job that
// has ended, and its place is free.
type Claims struct {
	Version int `json:"version"`
	// Jobs maps each job to the time at which it got its place.
	Jobs map[ID]time.Time `json:"jobs"`
}

// mostUnfinished limits [Limits.MaxUnfinished], so that [Claims] stay a small
// document.
const mostUnfinished = 1000
