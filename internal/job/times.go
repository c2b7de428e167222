package job

import (
	"slices"
	"time"
)

// Times is model/times.json: how long recent starts of the first instance and
// recent objects took. The API estimates from it how long a queued job waits.
//
// A start is measured from the request for the instance until an object begins
// that has waited for it. Whoever asks for the instance opens the start
// ([Times.Asked]), and Notify closes it ([Times.Began]) when it gets the result
// of an object, which is the first sign of the instance that an event reports.
// If only the alarm starts instances, nobody asks, and the API opens the start
// when it shows a job that waits without an instance: the start then counts from
// the time at which that job was queued, which is what such a job waits.
//
// The document is an aid: no function depends on it, and each of its values is
// replaced within ten starts or objects.
type Times struct {
	Version int `json:"version"`
	// AskedAt is when the instance that starts was asked for. It is zero if no
	// start is open.
	AskedAt time.Time `json:"askedAt,omitzero"`
	// Starts and Objects are durations in milliseconds, the latest last.
	Starts  []int64 `json:"starts,omitempty"`
	Objects []int64 `json:"objects,omitempty"`
}

const (
	// keptTimes is how many durations of each kind are kept.
	keptTimes = 10
	// longestStart is the age at which an open start is given up: the instance
	// has ended unused, or it could not be started.
	longestStart = time.Hour
)

// Asked opens a start. It replaces an open one, whose instance has ended.
func (t *Times) Asked(at time.Time) { t.Version, t.AskedAt = Version, at.UTC() }

// Opened reports whether a start is open.
func (t *Times) Opened(now time.Time) bool {
	return !t.AskedAt.IsZero() && now.Sub(t.AskedAt) < longestStart
}

// Began closes the open start, if an object that was queued and began at the
// given times is of its instance, and reports whether it did. The start is
// measured only if the object has waited for at least half of it. Otherwise the
// instance may have been ready long before the object was queued, as when
// somebody draws boxes for a while.
func (t *Times) Began(queued, began time.Time) bool {
	took := began.Sub(t.AskedAt)
	if t.AskedAt.IsZero() || took < 0 {
		return false
	}
	t.Version, t.AskedAt = Version, time.Time{}
	if took < longestStart && began.Sub(queued) >= took/2 {
		t.Starts = keep(t.Starts, took)
	}
	return true
}

// Took adds the time for which an object occupied an instance, as its result has
// it: that of the backend, since an instance overlaps its other stages with
// those of other objects. It reports false for a result without such times.
func (t *Times) Took(r *Result) bool {
	ms := r.Timing[string(StageMask)] + r.Timing[string(StageReconstruct)]
	if r.Status != StatusSucceeded || ms <= 0 {
		return false
	}
	t.Version, t.Objects = Version, keep(t.Objects, time.Duration(ms)*time.Millisecond)
	return true
}

func keep(latest []int64, d time.Duration) []int64 {
	latest = append(latest, d.Milliseconds())
	return latest[max(0, len(latest)-keptTimes):]
}

// StartsIn estimates how long the open start will still take: 0 if it takes
// longer than three of four starts, so that users are rarely told too little. ok
// is false if no start is open or none was measured.
func (t *Times) StartsIn(now time.Time) (left time.Duration, ok bool) {
	typical, ok := quantile(t.Starts, 3, 4)
	if !ok || !t.Opened(now) {
		return 0, false
	}
	return max(0, typical-max(0, now.Sub(t.AskedAt))), true
}

// Object estimates for how long an object occupies an instance. ok is false if
// none was measured.
func (t *Times) Object() (took time.Duration, ok bool) { return quantile(t.Objects, 1, 2) }

// quantile returns the value that a share of n/of of the values does not exceed.
func quantile(ms []int64, n, of int) (time.Duration, bool) {
	if len(ms) == 0 {
		return 0, false
	}
	return time.Duration(slices.Sorted(slices.Values(ms))[len(ms)*n/of]) * time.Millisecond, true
}
