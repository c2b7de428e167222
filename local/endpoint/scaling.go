package endpoint

import (
	"context"
	"sync"
	"time"
)

// alarmAfter is how long requests wait without an instance before the scaling
// policy starts one: the alarm on HasBacklogWithoutCapacity needs two periods
// of a minute.
// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
const alarmAfter = 2 * time.Minute

// scaling is the number of instances, 0 or 1. With neither a start nor an idle
// time there is always one.
type scaling struct {
	start, idle time.Duration

	mu               sync.Mutex
	current, desired int
	changedAt        time.Time // when current or desired changed last
	busyAt           time.Time // when there was work last
	waitingSince     time.Time // since when requests wait without an instance
}

func newScaling(start, idle time.Duration, now time.Time) *scaling {
	s := &scaling{start: start, idle: idle, changedAt: now}
	if !s.scales() {
		s.current, s.desired = 1, 1
	}
	return s
}

func (s *scaling) scales() bool { return s.start > 0 || s.idle > 0 }

// counts returns the current and the desired number of instances.
func (s *scaling) counts() (current, desired int, changedAt time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current, s.desired, s.changedAt
}

// ask sets the desired number of instances. It reports false while an earlier
// change is in progress.
func (s *scaling) ask(desired int, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != s.desired {
		return false
	}
	s.set(desired, now)
	return true
}

func (s *scaling) set(desired int, now time.Time) {
	if desired == s.desired {
		return
	}
	s.desired, s.changedAt = desired, now
	if desired == 0 { // an instance ends at once
		s.current, s.waitingSince = 0, time.Time{}
	}
}

// step performs what is due: an instance that has been asked for starts, an
// idle one ends, and requests that wait without one get one.
func (s *scaling) step(backlog int, now time.Time) {
	if !s.scales() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current < s.desired && !now.Before(s.changedAt.Add(s.start)) {
		s.current, s.busyAt, s.changedAt = s.desired, now, now
	}
	switch {
	case s.current > 0:
		if backlog > 0 {
			s.busyAt = now
		} else if s.idle > 0 && now.Sub(s.busyAt) >= s.idle {
			s.set(0, now)
		}
	case s.desired > 0:
	case backlog == 0:
		s.waitingSince = time.Time{}
	case s.waitingSince.IsZero():
		s.waitingSince = now
	case now.Sub(s.waitingSince) >= alarmAfter:
		s.set(1, now)
	}
}

// scale performs the steps until ctx ends.
func (e *Endpoint) scale(ctx context.Context) {
	tick := time.NewTicker(e.cfg.PingInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			waiting, processing := e.Backlog()
			e.scaling.step(waiting+processing, e.deps.Now())
		}
	}
}
