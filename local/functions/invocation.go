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

// The account and region that the one-machine mode pretends to be in.
const (
	account = "000000000000"
	region  = "us-east-1"
)

// grace is how long a handler may go on after its context has ended.
const grace = time.Second

// attempt runs one delivery and settles it.
func (r *Runner) attempt(f *function, l *queue.Lease) {
	id, payload := unpackInvocation(l.Payload)
	_, err := r.run(r.invoking, f, id, payload)
	log := r.log.With("function", f.Name, "requestId", id, "attempt", l.Attempt)

	var settled error
	switch {
	case err == nil:
		settled = l.Ack()
	case r.invoking.Err() != nil:
		// The process is stopping and broke the attempt off, so it does not count.
		settled = l.Release()
	case l.Attempt <= len(f.RetryDelays):
		delay := f.RetryDelays[l.Attempt-1]
		log.Warn("a function failed and will be tried again", "error", err, "retryIn", delay.String())
		settled = l.Retry(delay)
	default:
		log.Error("a function failed for the last time; its event is a dead letter now, see /operations", "error", err)
		settled = l.AckWith(r.deadLetter(DeadLetter{
			Function: f.Name, RequestID: id, Payload: payload, Attempts: l.Attempt, Error: err.Error(), FailedAt: r.now(),
		}))
	}
	if settled != nil && !errors.Is(settled, queue.ErrClosed) {
		log.Error("an invocation could not be settled and will run again after a restart", "error", settled)
	}
}

// run calls the handler as Lambda does: with deadline, request id, and a panic as an error.
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
		a := answer{err: errors.New("the handler ended its goroutine")} // stands if it calls runtime.Goexit
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
	return nil, fmt.Errorf("%s was broken off: %w", f.Name, ctx.Err())
}

// schedule invokes f at the start and then every f.Every. A run that is still waiting or running stands for the next.
func (r *Runner) schedule(f *function) {
	ticks := time.NewTicker(f.Every)
	defer ticks.Stop()
	for {
		if f.queue.Len() == 0 && f.queue.InFlight() == 0 {
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

// scheduledEvent is what EventBridge sends for a schedule (Amazon EventBridge User Guide, "Scheduled Events").
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
