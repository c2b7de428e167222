package server

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// turn lets one object at a time into the backend.
type turn struct {
	slot chan struct{}
	// grace is how long a backend may take to notice that its time is over.
	grace time.Duration

	mu sync.Mutex
	// stuck is set while a backend has not noticed: it holds the slot, and there
	// is no telling when it lets go.
	stuck bool
}

func newTurn(grace time.Duration) *turn {
	return &turn{slot: make(chan struct{}, 1), grace: grace}
}

// panicked is the error of a backend that panicked.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("the backend panicked: %v", p.value) }

// errStuck marks a backend that ran on past its time.
var errStuck = errors.New("the backend did not stop when its time was over")

// run waits for the caller's turn, says that it has begun and calls f. The turn
// passes on as soon as f has returned, be it long after run has given up on it.
func (t *turn) run(ctx context.Context, begun func(), f func(context.Context) (*Output, error)) (*Output, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	select {
	case t.slot <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	begun()

	var out *Output
	var err error
	returned := false
	done := make(chan struct{})
	go func() {
		defer close(done)
		made, failure := guard(ctx, f)
		t.mu.Lock()
		out, err, returned, t.stuck = made, failure, true, false
		t.mu.Unlock()
		<-t.slot
	}()
	select {
	case <-done:
		return out, err
	case <-ctx.Done():
	}
	patience := time.NewTimer(t.grace)
	defer patience.Stop()
	select {
	case <-done:
		return out, err
	case <-patience.C:
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if returned {
		return out, err
	}
	t.stuck = true
	return nil, fmt.Errorf("%w: %w", errStuck, context.Cause(ctx))
}

// blocked reports whether the backend is stuck with an object.
func (t *turn) blocked() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stuck
}

// guard turns a panic into an error.
func guard(ctx context.Context, f func(context.Context) (*Output, error)) (out *Output, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, &panicked{value: p, stack: debug.Stack()}
		}
	}()
	out, err = f(ctx)
	if out == nil && err == nil {
		err = errors.New("the backend returned neither an object nor an error")
	}
	return out, err
}
