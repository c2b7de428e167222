package local

import "testing"

// While an event is still to be attempted, Sweep must not end its job as abandoned.
func TestSweepWaitsForEveryAttemptAtAnEvent(t *testing.T) {
	all := functionTimeout
	for _, delay := range retryDelays {
		all += delay + functionTimeout
	}
	if sweepMargin < all {
		t.Errorf("Sweep waits %v, and the attempts at an event can take %v", sweepMargin, all)
	}
	if sweepStall < functionTimeout {
		t.Errorf("Sweep sends an event again after %v, and one attempt can take %v", sweepStall, functionTimeout)
	}
}
