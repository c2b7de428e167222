package server

import (
	"context"
	"errors"
	"runtime"
	"testing"
)

func TestWhoGivesUpWaitingForAPlaceTakesNone(t *testing.T) {
	a := newAdmission(1)
	leave, err := a.enter(t.Context(), "first")
	if err != nil {
		t.Fatal(err)
	}
	reason := errors.New("given up")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	if _, err := a.enter(ctx, "second"); !errors.Is(err, reason) {
		t.Errorf("waiting ended with %v", err)
	}
	leave()
	leave() // the second time nothing
	again, err := a.enter(t.Context(), "first")
	if err != nil {
		t.Fatal(err)
	}
	again()
	if a.total != 0 || len(a.taken) != 0 || len(a.waiting) != 0 {
		t.Errorf("left over: %d places, users %v, %d waiting", a.total, a.taken, len(a.waiting))
	}
}

func TestPlacesGoInTheOrderOfArrivalPastUsersWhoHaveTheirShare(t *testing.T) {
	a := newAdmission(2)
	enter := func(user string) chan func() {
		admitted := make(chan func(), 1)
		before := a.applicants()
		go func() {
			leave, err := a.enter(t.Context(), user)
			if err != nil {
				t.Error(err)
			}
			admitted <- leave
		}()
		for a.applicants() == before { // until its place in the order is taken
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
	leaveLate := <-late // the third of a has to wait for the second
	two()
	(<-third)()
	leaveLate()
}

// applicants counts all that wait or have a place.
func (a *admission) applicants() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.total + len(a.waiting)
}
