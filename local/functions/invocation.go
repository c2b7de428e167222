package functions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"gen3d/local/queue"
)

// The account and region in ARNs and events.
const (
	account = "000000000000"
	region  = "us-east-1"
)

// grace is how long a handler may continue after its context has ended.
const grace = time.Second

// pauseInterval is how long an invocation is postponed while work is paused.
const pauseInterval = time.Second

// attempt runs one delivery and settles it.
func (r *Runner) attempt(f *function, l *queue.Lease) {
	if r.paused() {
		_ = l.Postpone(pauseInterval) // fails only for a settled lease
		return
	}
	id, payload := unpackInvocation(l.Payload)
	_, err := r.run(r.invoking, f, id, payload)
	log := r.log.With("function", f.Name, "requestId", id, "attempt", l.Attempt)

	var settled error
	switch {
	case err == nil:
		settled = l.Ack()
	case r.invoking.Err() != nil:
		// The stop canceled the attempt, so it does not count.
		settled = l.Release()
	case r.paused():
		log.Warn("a function failed while all work is paused and will run again", "error", err)
		settled = l.Postpone(pauseInterval)
	case l.Attempt <= len(f.RetryDelays):
		delay := f.RetryDelays[l.Attempt-1]
		log.Warn("a function failed and will be tried again", "error", err, "retryIn", delay.String())
		settled = l.Retry(delay)
	default:
		log.Error("a function failed all its attempts; its event is now a dead letter, see /operations", "error", err)
		settled = l.AckWith(r.deadLetter(DeadLetter{
			Function: f.Name, RequestID: id, Payload: payload, Attempts: l.Attempt, Error: err.Error(), FailedAt: r.now(),
		}))
	}
	if settled != nil && !errors.Is(settled, queue.ErrClosed) {
		log.Error("an invocation could not be settled and will run again", "error", settled)
	}
}

// run calls the handler as Lambda does: with a deadline and a request id; a
// panic becomes an error.
func (r *Runner) run(ctx context.Context, f *function, id string, payload []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	call := lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID:       id,
		InvokedFunctionArn: "arn:aws:lambda:" + region + ":" + account + ":function:" + f.Name,
	})

	type answer struct {
		payload []byte
		err     error
	}
	answered := make(chan answer, 1)
	go func() {
		a := answer{err: errors.New("the handler ended its goroutine")} // stays if the handler calls runtime.Goexit
		defer func() {
			if p := recover(); p != nil {
				r.log.Error("a function panicked", "function", f.Name, "requestId", id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				a.err = fmt.Errorf("panic: %v", p)
			}
			answered <- a
		}()
		a.payload, a.err = f.Handler.Invoke(call, payload)
	}()

	select {
	case a := <-answered:
		return a.payload, a.err
	case <-ctx.Done():
	}
	select {
	case a := <-answered:
		return a.payload, a.err
	case <-time.After(grace):
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, fmt.Errorf("%s timed out after %v: %w", f.Name, f.Timeout, context.DeadlineExceeded)
	}
	return nil, fmt.Errorf("%s was canceled: %w", f.Name, ctx.Err())
}

// schedule invokes f at the start and then every f.Every, except while an
// invocation of f is waiting or running.
func (r *Runner) schedule(f *function) {
	ticks := time.NewTicker(f.Every)
	defer ticks.Stop()
	for {
		if !r.paused() && f.queue.Len() == 0 && f.queue.InFlight() == 0 {
			if err := r.InvokeAsync(f.Name, r.scheduledEvent(f.Name)); err != nil && r.receiving.Err() == nil {
				r.log.Error("a scheduled function could not be invoked", "function", f.Name, "error", err)
			}
		}
		select {
		case <-ticks.C:
		case <-r.receiving.Done():
			return
		}
	}
}

// scheduledEvent returns the event that EventBridge sends for a schedule
// (Amazon EventBridge User Guide, "Scheduled Events").
func (r *Runner) scheduledEvent(name string) []byte {
	event, err := json.Marshal(map[string]any{
		"version":     "0",
		"id":          r.newID(),
		"detail-type": "Scheduled Event",
		"source":      "aws.events",
		"account":     account,
		"time":        r.now().UTC().Format(time.RFC3339),
		"region":      region,
		"resources":   []string{"arn:aws:events:" + region + ":" + account + ":rule/" + name},
		"detail":      map[string]any{},
	})
	if err != nil {
		panic(err) // strings only
	}
	return event
}
