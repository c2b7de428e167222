package main

import "math"

// wake is what starts an instance when there is none.
type wake string

const (
	wakeSubmit wake = "submit" // the API, when a job is created
	wakePhoto  wake = "photo"  // when a photo is chosen on the page; only simulated
	wakeAlarm  wake = "alarm"  // HasBacklogWithoutCapacity
)

// policy is a way to start and to stop the instance.
type policy struct {
	name        string
	wake        wake
	idleMinutes int  // one-minute datapoints without a request, all of them
	warm        bool // one instance is kept in the working hours
}

// Facts that AWS documents, in seconds.
const (
	// A datapoint of SageMaker's metrics covers a minute.
	// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
	period = 60
	// The alarm on HasBacklogWithoutCapacity needs two datapoints.
	// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
	wakeDatapoints = 2
)

// Assumptions of the model, in seconds. AWS documents none of them.
const (
	metricDelay = 60 // from the end of a datapoint's minute to the alarm's action
	drawing     = 45 // from the choice of a photo to the job
)

// started returns when the start of an instance begins for a request at t,
// while there is none.
func (p policy) started(t float64) float64 {
	if p.wake == wakeAlarm {
		return p.alarmed(t)
	}
	return t
}

// alarmed returns when the alarm on waiting requests starts an instance. The
// minute of t has the first datapoint, because a request waits at its end.
func (p policy) alarmed(t float64) float64 {
	return math.Floor(t/period)*period + wakeDatapoints*period + metricDelay
}

// lastIdle returns the end of the last minute that must be without a request
// for an instance that is idle since t to be stopped. The minute of t counts
// only if it starts at t.
func (p policy) lastIdle(t float64) float64 {
	return math.Ceil(t/period)*period + float64(p.idleMinutes)*period
}

// stopped returns when an instance that is idle since t is stopped.
func (p policy) stopped(t float64) float64 { return p.lastIdle(t) + metricDelay }
