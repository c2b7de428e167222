package local

import (
	"testing"
	"time"
)

// While an event is still to be attempted, Sweep must not end its job as abandoned; and
// the last attempt must come after the lease of a run that ended without sending the mails.
func TestTimesOfAttemptsSweepAndLeaseFitTogether(t *testing.T) {
	var delays time.Duration
	for _, delay := range retryDelays {
		delays += delay
	}
	attempts := time.Duration(len(retryDelays) + 1)
	if all := delays + attempts*functionTimeout; sweepMargin < all {
		t.Errorf("Sweep waits %v, and the attempts at an event can take %v", sweepMargin, all)
	}
	if lease := functionTimeout; delays <= lease {
		t.Errorf("the last attempt at an event begins after %v, and a lease lasts %v", delays, lease)
	}
	if sweepStall < functionTimeout {
		t.Errorf("Sweep sends an event again after %v, and one attempt can take %v", sweepStall, functionTimeout)
	}
}
