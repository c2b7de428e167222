package server

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// turn gives the backend to one object at a time.
type turn struct {
	slot chan struct{}
	// grace is how long a backend may run on after its context ends.
	grace time.Duration

	mu sync.Mutex
	// stuck is set while a backend runs on beyond the grace period. It keeps the
	// slot until it returns.
	stuck bool
}

func newTurn(grace time.Duration) *turn {
	return &turn{slot: make(chan struct{}, 1), grace: grace}
}

// panicError is the error of a backend that panicked.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("the backend panicked: %v", p.value) }

// errStuck is the error of an object whose backend ran on beyond the grace
// period.
var errStuck = errors.New("the backend did not stop after its context ended")

// run waits for the backend, calls begun and then f. If f does not return
// within the grace period after ctx ends, run returns [errStuck] and f keeps
// the backend until it returns.
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
	timer := time.NewTimer(t.grace)
	defer timer.Stop()
	select {
	case <-done:
		return out, err
	case <-timer.C:
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

// guard calls f and returns a panic of it as an error.
func guard(ctx context.Context, f func(context.Context) (*Output, error)) (out *Output, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, &panicError{value: p, stack: debug.Stack()}
		}
	}()
	out, err = f(ctx)
	if out == nil && err == nil {
		err = errors.New("the backend returned neither an object nor an error")
	}
	return out, err
}
