package cost

import (
	"math"
	"time"
)

// load is what is asked of the endpoint, and how it scales.
type load struct {
	objects float64       // a day
	window  time.Duration // of a day, in which they arrive at random
	days    float64       // of a month, on which they arrive
	object  time.Duration // of the GPU, for one object
	start   time.Duration // of an instance
	idle    time.Duration // without work, until the last instance is removed
	min     int           // instances that always run
	max     int
	warm    time.Duration // of a week, in which one instance always runs
}

// daysOfMonth is the mean.
const daysOfMonth = 365.25 / 12

// hours are the hours of instances, and the steps to them. The rate is an hour,
// everything else in hours.
type hours struct {
	rate, busy    float64 // arrivals; share of one instance that is at work
	on, cycle     float64 // from one start to the next
	day           float64 // for the objects, of a day
	always, month float64 // whether or not there are objects; in all
	full          bool    // the objects take more than one instance can do in the window
}

// hours computes how long instances run.
//
// One instance with random arrivals is a queue with a setup time S and a
// removal after an idle time T. A cycle begins with an arrival that finds no
// instance. During the start λS more arrive. Each takes s, and those that
// arrive meanwhile as many again, s/(1−ρ) in all. Then the instance is idle
// until an arrival or for T; there are e^(λT) such idle times, of together
// (e^(λT)−1)/λ, until one lasts T. A test compares this with the simulation in
// docs/scaling.md.
func (l load) hours() hours {
	var h hours
	s, start, idle, window := l.object.Hours(), l.start.Hours(), l.idle.Hours(), l.window.Hours()
	h.rate = l.objects / window
	h.busy = h.rate * s
	switch {
	case l.objects == 0:
	case h.busy >= 1:
		h.full = true
		needed := math.Min(math.Ceil(h.busy), float64(max(1, l.max)))
		h.day = l.objects*s + needed*(start+idle)
	default:
		grown := math.Expm1(h.rate * idle)
		h.on = start + (1+h.rate*start+grown)*s/(1-h.busy) + grown/h.rate
		h.cycle = h.on + 1/h.rate
		h.day = window * h.on / h.cycle
		if math.IsInf(grown, 1) { // it is never idle for so long
			h.on, h.cycle, h.day = window, window, window
		}
		h.day += h.day / window * idle // after the last object of the day
	}
	weeks := daysOfMonth / 7
	switch {
	case l.min > 0:
		h.always = 24 * float64(l.min) * daysOfMonth
		// What one instance does is done by those that run anyway.
		beyond := math.Max(0, h.day-window*float64(l.min))
		h.month = h.always + beyond*l.days
	case l.warm > 0:
		h.always = l.warm.Hours() * weeks
		covered := math.Min(1, h.always/l.days/window) // of the window, as far as it can be
		h.month = h.always + h.day*l.days*(1-covered)
	default:
		h.month = h.day * l.days
	}
	return h
}

// usd is the cost of a month and of one object at a price an hour.
func (l load) usd(h hours, perHour float64) (month, mesh float64) {
	month = h.month * perHour
	if n := l.objects * l.days; n > 0 {
		mesh = month / n
	}
	return month, mesh
}
