package server

import (
	"context"
	"slices"
	"sync"
)

// admission decides whose photo is fetched and decoded next. At most places
// photos are at once, which bounds the memory and the processors that decoding
// takes; and at most one less than that of the same user, so that a photo of
// another user finds a place however many photos the first one has sent. Who
// waits is admitted in the order of arrival, passing over users who have all the
// places they may.
//
// Requests that SageMaker holds back are beyond its reach: the endpoint's queue
// has no users. There a user's share is bounded by the number of unfinished jobs
// ([job.Limits.MaxUnfinished]) and by the time that a photo may take.
type admission struct {
	places int

	mu      sync.Mutex
	taken   map[string]int // places by user
	total   int
	waiting []*applicant
}

type applicant struct {
	user     string
	admitted chan struct{} // closed when a place is the applicant's
}

func newAdmission(places int) *admission {
	return &admission{places: places, taken: map[string]int{}}
}

// enter waits for a place. leave gives it back. The error is the cause of ctx's
// end.
func (a *admission) enter(ctx context.Context, user string) (leave func(), err error) {
	me := &applicant{user: user, admitted: make(chan struct{})}
	a.mu.Lock()
	a.waiting = append(a.waiting, me)
	a.admit()
	a.mu.Unlock()

	leave = sync.OnceFunc(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.total--
		if a.taken[user]--; a.taken[user] == 0 {
			delete(a.taken, user)
		}
		a.admit()
	})
	select {
	case <-me.admitted:
		return leave, nil
	case <-ctx.Done():
	}
	a.mu.Lock()
	i := slices.Index(a.waiting, me)
	if i >= 0 {
		a.waiting = slices.Delete(a.waiting, i, i+1)
	}
	a.mu.Unlock()
	if i < 0 { // admitted in the meantime
		leave()
	}
	return nil, context.Cause(ctx)
}

// admit gives free places to those who wait. The lock is held.
func (a *admission) admit() {
	share := max(1, a.places-1)
	a.waiting = slices.DeleteFunc(a.waiting, func(next *applicant) bool {
		if a.total >= a.places || a.taken[next.user] >= share {
			return false
		}
		a.total++
		a.taken[next.user]++
		close(next.admitted)
		return true
	})
}
