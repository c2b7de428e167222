package job

import "time"

// Claims is claims.json: which jobs of a user hold one of the places for
// unfinished jobs ([Limits.MaxUnfinished]). A job gets its place after its
// pending marker was put, so an entry without a marker belongs to a job that has
// ended, and its place is free.
type Claims struct {
	Version int `json:"version"`
	// Jobs tells since when each of them has held its place.
	Jobs map[ID]time.Time `json:"jobs"`
}

// mostUnfinished bounds [Limits.MaxUnfinished], so that [Claims] stay a small
// document.
const mostUnfinished = 1000
