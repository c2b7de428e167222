package server

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// turn gives the backend to one object at a time, until the backend returns or
// says before that it can take the next object.
type turn struct {
	slot chan struct{}
	// grace is how long a backend may run on after its context ends.
	grace time.Duration

	mu sync.Mutex
	// stuck is set while a backend runs on beyond the grace period with the slot,
	// which it keeps until it returns.
	stuck bool
}

func newTurn(grace time.Duration) *turn {
	return &turn{slot: make(chan struct{}, 1), grace: grace}
}

// panicError is the error of a backend, or of a decoder, that panicked.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// errStuck is the error of an object whose backend ran on beyond the grace
// period.
var errStuck = errors.New("the backend did not stop after its context ended")

// run waits for the backend, calls begun and then f. The next object's turn
// begins when f returns or calls its second argument, next. If f does not return
// within the grace period after ctx ends, run returns [errStuck]; if f has not
// called next, it keeps the backend until it returns.
func (t *turn) run(ctx context.Context, begun func(), f func(ctx context.Context, next func()) (*Output, error)) (*Output, error) {
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
	returned, over := false, false
	next := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if !over {
			over, t.stuck = true, false
			<-t.slot
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		made, failure := guard(func() (*Output, error) { return f(ctx, next) })
		t.mu.Lock()
		out, err, returned = made, failure, true
		t.mu.Unlock()
		next()
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
	t.stuck = !over
	return nil, fmt.Errorf("%w: %w", errStuck, context.Cause(ctx))
}

// blocked reports whether the backend is stuck with an object.
func (t *turn) blocked() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stuck
}

// guard calls f and returns a panic of it as an error.
func guard(f func() (*Output, error)) (out *Output, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, &panicError{value: p, stack: debug.Stack()}
		}
	}()
	out, err = f()
	if out == nil && err == nil {
		err = errors.New("the backend returned neither an object nor an error")
	}
	return out, err
}
