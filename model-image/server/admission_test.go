package server

import (
	"context"
	"errors"
	"runtime"
	"testing"
)

func TestCanceledAdmissionTakesNoPlace(t *testing.T) {
	a := newAdmission(1)
	leave, err := a.enter(t.Context(), "first")
	if err != nil {
		t.Fatal(err)
	}
	reason := errors.New("given up")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	if _, err := a.enter(ctx, "second"); !errors.Is(err, reason) {
		t.Errorf("enter returned %v", err)
	}
	leave()
	leave() // a second call has no effect
	again, err := a.enter(t.Context(), "first")
	if err != nil {
		t.Fatal(err)
	}
	again()
	if a.total != 0 || len(a.taken) != 0 || len(a.waiting) != 0 {
		t.Errorf("left over: %d places, users %v, %d waiting", a.total, a.taken, len(a.waiting))
	}
}

func TestAdmissionIsInOrderOfArrivalWithinUserShares(t *testing.T) {
	a := newAdmission(2)
	enter := func(user string) chan func() {
		admitted := make(chan func(), 1)
		before := a.requests()
		go func() {
			leave, err := a.enter(t.Context(), user)
			if err != nil {
				t.Error(err)
			}
			admitted <- leave
		}()
		for a.requests() == before { // until it is queued
			runtime.Gosched()
		}
		return admitted
	}
	one := <-enter("a")
	second, third, other := enter("a"), enter("a"), enter("b")
	leaveOther := <-other
	one()
	two := <-second
	late := enter("c")
	leaveOther()
	leaveLate := <-late // the third request of a waits for the second
	two()
	(<-third)()
	leaveLate()
}

// requests returns the number of waiting and admitted requests.
func (a *admission) requests() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.total + len(a.waiting)
}
