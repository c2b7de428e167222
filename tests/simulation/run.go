package main

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// model has the times of the service, in seconds.
type model struct {
	startup float64 // from the start of an instance to its first request
	object  float64 // of the GPU for one object
}

// hours are the working hours, which are also the warm hours: every day of the
// simulation is a working day.
const (
	day       = 24 * 3600.0
	workStart = 8 * 3600.0
	workEnd   = 18 * 3600.0
)

// outcome is what a run of the service cost and how long its users waited.
type outcome struct {
	gpu         float64   // seconds for which an instance existed, which is what is billed
	waits       []float64 // seconds from each job to its mesh, in the order of the jobs
	interrupted int       // requests that were running when their instance was stopped
}

// arrivals returns the times of a Poisson process with this mean number a day,
// in the working hours of some days.
func arrivals(random *rand.Rand, days int, perDay float64) []float64 {
	var times []float64
	mean := (workEnd - workStart) / perDay
	for d := range days {
		start := float64(d) * day
		for t := start + workStart + random.ExpFloat64()*mean; t < start+workEnd; t += random.ExpFloat64() * mean {
			times = append(times, t)
		}
	}
	return times
}

// instance is the only instance of the endpoint.
type instance struct {
	policy
	model
	on       bool
	startAt  float64 // may be in the future, when an alarm will start it
	free     float64 // when it is ready and has ended every request so far
	nextWarm float64 // the next start of warm hours
	outcome  outcome
}

// start begins the start of the instance at t.
func (i *instance) start(t float64) {
	i.on, i.startAt, i.free = true, t, t+i.startup
}

// stop ends the instance at t.
func (i *instance) stop(t float64) {
	i.on = false
	i.outcome.gpu += t - i.startAt
}

// sleepAt returns when the instance stops if no request comes, and the last
// moment at which a request is seen before that.
func (i *instance) sleepAt() (stop, seen float64) {
	stop, seen = i.stopped(i.free), i.lastIdle(i.free)
	if today := math.Floor(stop/day) * day; i.warm && stop >= today+workStart && stop < today+workEnd {
		// The alarm repeats its action each minute; the first one after the
		// end of the warm hours takes effect.
		stop = today + workEnd + period
		seen = max(seen, stop-metricDelay)
	}
	return stop, seen
}

// advance plays stops and warm hours until t.
func (i *instance) advance(t float64) {
	for {
		stop := math.Inf(1)
		if i.on {
			stop, _ = i.sleepAt()
		}
		switch {
		case i.warm && i.nextWarm <= t && i.nextWarm < stop:
			if !i.on {
				i.start(i.nextWarm)
			}
			i.nextWarm += day
		case stop <= t:
			i.stop(stop)
		default:
			return
		}
	}
}

// request plays a request that arrives at t.
func (i *instance) request(t float64) {
	i.advance(t)
	if !i.on {
		i.start(i.started(t))
	}
	stop, seen := i.sleepAt()
	end := max(t, i.free) + i.object
	if t >= seen && end > stop {
		// The alarm has not seen the request: the instance is stopped under
		// it. The queue delivers it again, and the other alarm starts an
		// instance.
		i.outcome.interrupted++
		i.stop(stop)
		i.start(i.alarmed(stop))
		end = i.free + i.object
	}
	i.free = end
	i.outcome.waits = append(i.outcome.waits, end-t)
}

// photo plays the choice of a photo at t.
func (i *instance) photo(t float64) {
	i.advance(t)
	if !i.on {
		i.start(t)
	}
}

// run plays the requests, of some days.
func run(m model, p policy, requests []float64, days int) outcome {
	i := &instance{policy: p, model: m, nextWarm: workStart}
	// The choices of photos, each before its request, merged in time.
	type event struct {
		at    float64
		photo bool
	}
	var events []event
	for _, t := range requests {
		if p.wake == wakePhoto {
			events = append(events, event{t - drawing, true})
		}
		events = append(events, event{t, false})
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	for _, e := range events {
		if e.photo {
			i.photo(e.at)
		} else {
			i.request(e.at)
		}
	}
	i.advance(float64(days)*day + workStart - 1) // the night after the last day
	return i.outcome
}

// percentile returns the smallest value that at least this part of the values
// does not exceed.
func percentile(values []float64, part float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(part*float64(len(sorted))))-1)]
}
