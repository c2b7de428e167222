// Package functions runs the handlers of the one-machine mode as AWS Lambda
// runs functions: asynchronous invocations from a durable queue with retries
// and dead letters, schedules, and synchronous invocations.
//
// An asynchronous invocation is on disk when the call that made it returns, or
// when the caller's transaction commits ([Runner.InvokeTx]). It is delivered at
// least once: an invocation that was running when the process was killed runs
// again. An invocation whose handler fails, panics or times out is retried
// after the function's delays and then becomes a dead letter, which is logged
// and stored (see [Runner.DeadLetters]).
//
//	runner, err := functions.New(db, []functions.Function{{Name: "extract", Handler: Lambda(extract.Handle)}}, functions.Options{})
//	runner.Start()
//	err = runner.InvokeAsync("extract", event)
//	err = runner.Close(ctx)
package functions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"gen3d/local/queue"
)

// Handler processes the invocations of a function, also concurrently. The
// caller owns the result. [Lambda] returns a Handler for any Lambda handler
// function.
type Handler interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// Function is a handler and how to run it.
type Function struct {
	// Name identifies the function and, across restarts, its queue.
	Name    string
	Handler Handler
	// Concurrency is the maximum of concurrent asynchronous invocations; 0
	// means [DefaultConcurrency].
	Concurrency int
	// Timeout ends an invocation's context; 0 means [DefaultTimeout]. A handler
	// that continues regardless counts as failed one second later; its
	// goroutine is not stopped.
	Timeout time.Duration
	// RetryDelays are the delays before the second and further attempts, so
	// there is one attempt more than there are delays; nil means
	// [DefaultRetryDelays].
	RetryDelays []time.Duration
	// Every, if not 0, also invokes the function with an EventBridge scheduled
	// event when the runner starts and then at this interval, unless an
	// invocation is still waiting or running.
	Every time.Duration
}

// Defaults of a Function. The concurrency is for one machine.
const (
	DefaultConcurrency = 8
	DefaultTimeout     = 30 * time.Second
)

// DefaultRetryDelays are Lambda's delays for asynchronous invocations.
var DefaultRetryDelays = []time.Duration{time.Minute, 2 * time.Minute}

// ErrNoFunction is returned for a name that no function has.
var ErrNoFunction = errors.New("there is no such function")

// Options are the runner's dependencies; the zero value is valid.
type Options struct {
	// Log receives failures, with function and request id, never payloads; nil
	// means slog.Default.
	Log *slog.Logger
	// Now is the clock of scheduled events and dead letters; nil means
	// time.Now.
	Now func() time.Time
	// Paused, if not nil, reports that no work can be done now, as on a full
	// disk. While it returns true, no queued invocation begins, and a failure
	// does not count as an attempt. It does not affect Invoke.
	Paused func() bool
	// NewRequestID returns the id of an invocation, which must not contain a
	// line break; nil means random UUIDs.
	NewRequestID func() string
}

// Runner runs functions. It is safe for concurrent use.
type Runner struct {
	db        *queue.DB
	functions map[string]*function
	log       *slog.Logger
	now       func() time.Time
	paused    func() bool
	newID     func() string

	// receiving is canceled to stop new invocations, invoking to stop running
	// ones.
	receiving     context.Context
	stopReceiving context.CancelFunc
	invoking      context.Context
	stopInvoking  context.CancelFunc
	running       sync.WaitGroup
	start         sync.Once
}

type function struct {
	Function
	queue *queue.Queue
}

// New returns a runner of the functions with its queues in db. Invocations can
// be queued immediately; they run after [Runner.Start]. Dead letters older than
// [DeadLetterRetention] are deleted.
func New(db *queue.DB, list []Function, o Options) (*Runner, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Paused == nil {
		o.Paused = func() bool { return false }
	}
	if o.NewRequestID == nil {
		o.NewRequestID = uuid.NewString
	}
	r := &Runner{db: db, functions: map[string]*function{}, log: o.Log, now: o.Now, paused: o.Paused, newID: o.NewRequestID}
	for _, f := range list {
		if f.Name == "" || f.Handler == nil {
			return nil, fmt.Errorf("function %q needs a name and a handler", f.Name)
		}
		if r.functions[f.Name] != nil {
			return nil, fmt.Errorf("there are two functions named %s", f.Name)
		}
		if f.Concurrency == 0 {
			f.Concurrency = DefaultConcurrency
		}
		if f.Timeout == 0 {
			f.Timeout = DefaultTimeout
		}
		if f.RetryDelays == nil {
			f.RetryDelays = DefaultRetryDelays
		}
		q, err := db.Queue("function/" + f.Name)
		if err != nil {
			return nil, err
		}
		r.functions[f.Name] = &function{Function: f, queue: q}
	}
	if err := r.prune(); err != nil {
		return nil, err
	}
	r.receiving, r.stopReceiving = context.WithCancel(context.Background())
	r.invoking, r.stopInvoking = context.WithCancel(context.Background())
	return r, nil
}

// Start starts the processing of the queues and the schedules. Further calls
// have no effect.
func (r *Runner) Start() {
	r.start.Do(func() {
		for _, f := range r.functions {
			r.running.Go(func() {
				if err := f.queue.Consume(r.receiving, f.Concurrency, func(l *queue.Lease) { r.attempt(f, l) }); err != nil {
					r.log.Error("a function takes no more invocations", "function", f.Name, "error", err)
				}
			})
			if f.Every > 0 {
				r.running.Go(func() { r.schedule(f) })
			}
		}
	})
}

// Close starts no further invocations and waits for the running ones. If ctx
// ends first, it cancels their contexts, waits one more second and returns
// ctx's error; unfinished invocations run again in the next process.
func (r *Runner) Close(ctx context.Context) error {
	defer r.stopInvoking()
	r.stopReceiving()
	done := make(chan struct{})
	go func() {
		r.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	r.stopInvoking()
	select {
	case <-done:
	case <-time.After(grace):
	}
	return fmt.Errorf("waiting for running functions: %w", ctx.Err())
}

// InvokeAsync queues an invocation of the function and returns when it is on
// disk.
func (r *Runner) InvokeAsync(name string, payload []byte) error {
	return r.db.Update(func(tx *bbolt.Tx) error { return r.InvokeTx(tx, name, payload) })
}

// InvokeTx queues an invocation within the caller's transaction of the runner's
// database.
func (r *Runner) InvokeTx(tx *bbolt.Tx, name string, payload []byte) error {
	f := r.functions[name]
	if f == nil {
		return fmt.Errorf("invoking %s: %w", name, ErrNoFunction)
	}
	if _, err := f.queue.EnqueueTx(tx, packInvocation(r.newID(), payload), 0); err != nil {
		return fmt.Errorf("invoking %s: %w", name, err)
	}
	return nil
}

// Invoke runs the function and returns its result or error, without queue and
// retries, until ctx ends or the function times out.
func (r *Runner) Invoke(ctx context.Context, name string, payload []byte) ([]byte, error) {
	f := r.functions[name]
	if f == nil {
		return nil, fmt.Errorf("invoking %s: %w", name, ErrNoFunction)
	}
	return r.run(ctx, f, r.newID(), payload)
}

// Load is the backlog of a function.
type Load struct {
	Function string `json:"function"`
	// Waiting is the number of invocations that have not begun, including those
	// that wait for a retry; Running is the number in progress.
	Waiting int `json:"waiting"`
	Running int `json:"running"`
}

// Loads returns the load of each function, sorted by name.
func (r *Runner) Loads() []Load {
	loads := make([]Load, 0, len(r.functions))
	for _, name := range slices.Sorted(maps.Keys(r.functions)) {
		queue := r.functions[name].queue
		loads = append(loads, Load{Function: name, Waiting: queue.Len(), Running: queue.InFlight()})
	}
	return loads
}

// packInvocation stores the request id with the payload: all attempts of an
// invocation have the same id, as in Lambda.
func packInvocation(id string, payload []byte) []byte {
	return slices.Concat([]byte(id), []byte{'\n'}, payload)
}

func unpackInvocation(packed []byte) (id string, payload []byte) {
	before, after, _ := bytes.Cut(packed, []byte{'\n'})
	return string(before), after
}
