package server

import (
	"context"
	"sync"
)

// objectLocks keep two requests for one object apart, so that the second finds
// the result of the first instead of making it once more.
type objectLocks struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// lock waits until the key is free. The lock is given back with unlock.
func (l *objectLocks) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		l.mu.Lock()
		holder, taken := l.held[key]
		if !taken {
			if l.held == nil {
				l.held = map[string]chan struct{}{}
			}
			free := make(chan struct{})
			l.held[key] = free
			l.mu.Unlock()
			return func() {
				l.mu.Lock()
				delete(l.held, key)
				l.mu.Unlock()
				close(free)
			}, nil
		}
		l.mu.Unlock()
		select {
		case <-holder:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
