package functions_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"gen3d/local/functions"
	"gen3d/local/queue"
)

const timeout = 2 * time.Minute

func openDB(t testing.TB, path string) *queue.DB {
	t.Helper()
	db, err := queue.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// handler is a function as a Handler.
type handler func(ctx context.Context, payload []byte) ([]byte, error)

func (h handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) { return h(ctx, payload) }

func newRunner(t testing.TB, db *queue.DB, list ...functions.Function) *functions.Runner {
	t.Helper()
	r, err := functions.New(db, list, functions.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func start(t testing.TB, list ...functions.Function) *functions.Runner {
	t.Helper()
	r := newRunner(t, openDB(t, filepath.Join(t.TempDir(), "queue.db")), list...)
	r.Start()
	t.Cleanup(func() { closeRunner(t, r) })
	return r
}

func closeRunner(t testing.TB, r *functions.Runner) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		t.Error(err)
	}
}

func invokeAsync(t testing.TB, r *functions.Runner, name, payload string) {
	t.Helper()
	if err := r.InvokeAsync(name, []byte(payload)); err != nil {
		t.Fatal(err)
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func receive[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(timeout):
		t.Fatal("nothing came")
	}
	return v
}

func TestLambdaHandlerGetsEventAndContext(t *testing.T) {
	type call struct {
		event    events.S3Event
		id, arn  string
		deadline time.Duration
	}
	calls := make(chan call, 1)
	r := start(t, functions.Function{
		Name:    "extract",
		Timeout: 10 * time.Minute,
		Handler: functions.Lambda(func(ctx context.Context, e events.S3Event) error {
			lc, _ := lambdacontext.FromContext(ctx)
			deadline, _ := ctx.Deadline()
			calls <- call{e, lc.AwsRequestID, lc.InvokedFunctionArn, time.Until(deadline)}
			return nil
		}),
	})
	invokeAsync(t, r, "extract", `{"Records":[{"s3":{"object":{"key":"users/u/input/a.jpg"}}}]}`)
	c := receive(t, calls)
	if len(c.event.Records) != 1 || c.event.Records[0].S3.Object.Key != "users/u/input/a.jpg" {
		t.Errorf("the event is %+v", c.event)
	}
	if len(c.id) != 36 || c.arn != "arn:aws:lambda:us-east-1:000000000000:function:extract" || c.deadline <= 0 || c.deadline > 10*time.Minute {
		t.Errorf("the context has id %q, arn %q, %v left", c.id, c.arn, c.deadline)
	}
}

func TestInvokeReturnsResultOrError(t *testing.T) {
	r := start(t, functions.Function{Name: "api", Handler: functions.Lambda(func(_ context.Context, in map[string]int) (map[string]int, error) {
		if in["n"] == 0 {
			return nil, errors.New("n is missing")
		}
		return map[string]int{"twice": 2 * in["n"]}, nil
	})})
	out, err := r.Invoke(t.Context(), "api", []byte(`{"n":21}`))
	if err != nil || strings.TrimSpace(string(out)) != `{"twice":42}` {
		t.Errorf("got %s, %v", out, err)
	}
	if _, err := r.Invoke(t.Context(), "api", []byte(`{}`)); err == nil || err.Error() != "n is missing" {
		t.Errorf("got %v", err)
	}
	if _, err := r.Invoke(t.Context(), "unknown", nil); !errors.Is(err, functions.ErrNoFunction) {
		t.Errorf("got %v", err)
	}
	if err := r.InvokeAsync("unknown", nil); !errors.Is(err, functions.ErrNoFunction) {
		t.Errorf("got %v", err)
	}
}

func TestScheduledInvocationsDoNotOverlap(t *testing.T) {
	var running, most atomic.Int32
	got := make(chan events.CloudWatchEvent, 100)
	start(t, functions.Function{Name: "sweep", Every: 5 * time.Millisecond, Handler: functions.Lambda(
		func(_ context.Context, e events.CloudWatchEvent) error {
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(15 * time.Millisecond)
			running.Add(-1)
			got <- e
			return nil
		},
	)})
	for range 3 {
		e := receive(t, got)
		if e.Source != "aws.events" || e.DetailType != "Scheduled Event" || e.ID == "" || time.Since(e.Time) > time.Hour {
			t.Errorf("the event is %+v", e)
		}
	}
	if most.Load() != 1 {
		t.Errorf("%d ran at once", most.Load())
	}
}

func TestConcurrencyIsLimited(t *testing.T) {
	const limit, invocations = 3, 40
	var running, most atomic.Int32
	full := make(chan struct{}) // closed when as many run as may
	var left sync.WaitGroup
	left.Add(invocations)
	r := start(t, functions.Function{Name: "f", Concurrency: limit, Handler: handler(func(context.Context, []byte) ([]byte, error) {
		defer left.Done()
		n := running.Add(1)
		defer running.Add(-1)
		for old := most.Load(); n > old; old = most.Load() {
			if most.CompareAndSwap(old, n) && n == limit {
				close(full)
			}
		}
		<-full
		time.Sleep(2 * time.Millisecond) // in which one too many would start
		return nil, nil
	})})
	for range invocations {
		invokeAsync(t, r, "f", "{}")
	}
	left.Wait()
	if most.Load() != limit {
		t.Errorf("%d ran at once", most.Load())
	}
}

func TestNewRefusesInvalidFunctions(t *testing.T) {
	db := openDB(t, filepath.Join(t.TempDir(), "queue.db"))
	h := handler(func(context.Context, []byte) ([]byte, error) { return nil, nil })
	for _, list := range [][]functions.Function{{{Handler: h}}, {{Name: "f"}}, {{Name: "f", Handler: h}, {Name: "f", Handler: h}}} {
		if _, err := functions.New(db, list, functions.Options{}); err == nil {
			t.Errorf("%+v was accepted", list)
		}
	}
}
