package server

import (
	"context"
	"sync"
)

// objectLocks serializes requests for the same object, so that the second one
// finds the result of the first.
type objectLocks struct {
	mu     sync.Mutex
	locked map[string]chan struct{}
}

// lock waits until the key is unlocked and locks it. If ctx ends first, the
// error is its cause.
func (l *objectLocks) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		l.mu.Lock()
		unlocked, taken := l.locked[key]
		if !taken {
			if l.locked == nil {
				l.locked = map[string]chan struct{}{}
			}
			done := make(chan struct{})
			l.locked[key] = done
			l.mu.Unlock()
			return func() {
				l.mu.Lock()
				delete(l.locked, key)
				l.mu.Unlock()
				close(done)
			}, nil
		}
		l.mu.Unlock()
		select {
		case <-unlocked:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
