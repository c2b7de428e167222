package server

import (
	"context"
	"slices"
	"sync"
)

// admission limits how many photos are fetched and decoded at the same time,
// which bounds the memory and CPU use of decoding. At most places photos are
// admitted, and at most one fewer of the same user, so that a photo of another
// user finds a place however many photos the first user has sent. Waiting
// requests are admitted in the order of arrival, skipping users who have
// reached their share.
//
// It does not order the requests in the endpoint's queue, which does not
// distinguish users. There a user's share is bounded by the number of
// unfinished jobs ([job.Limits.MaxUnfinished]) and by the photo timeout.
type admission struct {
	places int

	mu      sync.Mutex
	taken   map[string]int // places by user
	total   int
	waiting []*waiter
}

type waiter struct {
	user     string
	admitted chan struct{} // closed when the place is granted
}

func newAdmission(places int) *admission {
	return &admission{places: places, taken: map[string]int{}}
}

// enter waits for a place; leave returns it. If ctx ends first, the error is
// its cause.
func (a *admission) enter(ctx context.Context, user string) (leave func(), err error) {
	w := &waiter{user: user, admitted: make(chan struct{})}
	a.mu.Lock()
	a.waiting = append(a.waiting, w)
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
	case <-w.admitted:
		return leave, nil
	case <-ctx.Done():
	}
	a.mu.Lock()
	i := slices.Index(a.waiting, w)
	if i >= 0 {
		a.waiting = slices.Delete(a.waiting, i, i+1)
	}
	a.mu.Unlock()
	if i < 0 { // admitted in the meantime
		leave()
	}
	return nil, context.Cause(ctx)
}

// admit grants free places to waiting requests. The caller must hold a.mu.
func (a *admission) admit() {
	share := max(1, a.places-1)
	a.waiting = slices.DeleteFunc(a.waiting, func(next *waiter) bool {
		if a.total >= a.places || a.taken[next.user] >= share {
			return false
		}
		a.total++
		a.taken[next.user]++
		close(next.admitted)
		return true
	})
}
