package functions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.etcd.io/bbolt"

	"gen3d/local/functions"
	"gen3d/local/queue"
)

const timeout = 30 * time.Second

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

func deadLetters(t testing.TB, r *functions.Runner) []functions.DeadLetter {
	t.Helper()
	list, err := r.DeadLetters()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

var soon = []time.Duration{time.Millisecond, 2 * time.Millisecond}

func TestLambdaHandlerGetsEventAndContext(t *testing.T) {
	type call struct {
		event    events.S3Event
		id, arn  string
		deadline time.Duration
	}
	calls := make(chan call, 1)
	r := start(t, functions.Function{
		Name:    "extract",
		Timeout: 20 * time.Second,
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
	if len(c.id) != 36 || c.arn != "arn:aws:lambda:us-east-1:000000000000:function:extract" || c.deadline <= 0 || c.deadline > 20*time.Second {
		t.Errorf("the context has id %q, arn %q, %v left", c.id, c.arn, c.deadline)
	}
}

func TestRetriesKeepTheRequestID(t *testing.T) {
	ids := make(chan string, 10)
	var calls atomic.Int32
	r := start(t, functions.Function{Name: "f", RetryDelays: soon, Handler: handler(func(ctx context.Context, _ []byte) ([]byte, error) {
		lc, _ := lambdacontext.FromContext(ctx)
		ids <- lc.AwsRequestID
		if calls.Add(1) < 3 {
			return nil, errors.New("not yet")
		}
		return nil, nil
	})})
	invokeAsync(t, r, "f", "{}")
	first := receive(t, ids)
	if second, third := receive(t, ids), receive(t, ids); second != first || third != first {
		t.Errorf("the attempts are %s, %s, %s", first, second, third)
	}
	eventually(t, "the queue is empty", func() bool { return slices.Equal(r.Loads(), []functions.Load{{Function: "f"}}) })
	if d := deadLetters(t, r); len(d) != 0 {
		t.Errorf("dead letters: %+v", d)
	}
}

func TestPausedRunnerStartsAndCountsNoAttempt(t *testing.T) {
	var paused, broken atomic.Bool
	paused.Store(true)
	broken.Store(true)
	var calls, asked atomic.Int32
	db := openDB(t, filepath.Join(t.TempDir(), "queue.db"))
	r, err := functions.New(db, []functions.Function{{Name: "f", RetryDelays: []time.Duration{}, Handler: handler(func(context.Context, []byte) ([]byte, error) {
		calls.Add(1)
		if broken.Load() { // as a disk that fills up meanwhile
			paused.Store(true)
			return nil, errors.New("no space left on device")
		}
		return nil, nil
	})}}, functions.Options{Log: slog.New(slog.DiscardHandler), Paused: func() bool {
		asked.Add(1)
		return paused.Load()
	}})
	if err != nil {
		t.Fatal(err)
	}
	r.Start()
	t.Cleanup(func() { closeRunner(t, r) })
	invokeAsync(t, r, "f", "{}")
	eventually(t, "the invocation is postponed", func() bool { return asked.Load() > 1 })
	if calls.Load() != 0 {
		t.Fatal("it began while all work is paused")
	}
	paused.Store(false)
	eventually(t, "an attempt", func() bool { return calls.Load() == 1 })
	eventually(t, "the failed attempt is postponed", func() bool { return slices.Equal(r.Loads(), []functions.Load{{Function: "f", Waiting: 1}}) })
	broken.Store(false)
	paused.Store(false)
	eventually(t, "the queue is empty", func() bool { return slices.Equal(r.Loads(), []functions.Load{{Function: "f"}}) })
	if d := deadLetters(t, r); len(d) != 0 || calls.Load() != 2 {
		t.Errorf("after %d calls there are the dead letters %+v", calls.Load(), d)
	}
}

func TestLastFailureIsLoggedAsADeadLetterWithoutPayload(t *testing.T) {
	for name, c := range map[string]struct {
		handle handler
		want   string
	}{
		"an error":  {func(context.Context, []byte) ([]byte, error) { return nil, errors.New("no luck") }, "no luck"},
		"a panic":   {func(context.Context, []byte) ([]byte, error) { panic("oh no") }, "panic: oh no"},
		"a timeout": {func(ctx context.Context, _ []byte) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() }, "deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			var (
				log   bytes.Buffer
				calls atomic.Int32
			)
			db := openDB(t, filepath.Join(t.TempDir(), "queue.db"))
			r, err := functions.New(db, []functions.Function{{
				Name: "f", RetryDelays: soon, Timeout: 20 * time.Millisecond,
				Handler: handler(func(ctx context.Context, p []byte) ([]byte, error) { calls.Add(1); return c.handle(ctx, p) }),
			}}, functions.Options{Log: slog.New(slog.NewJSONHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			r.Start()
			invokeAsync(t, r, "f", `{"secret":1}`)
			eventually(t, "a dead letter", func() bool { return len(deadLetters(t, r)) == 1 })
			closeRunner(t, r)
			d := deadLetters(t, r)[0]
			if calls.Load() != 3 || d.Attempts != 3 || d.Function != "f" || string(d.Payload) != `{"secret":1}` ||
				!strings.Contains(d.Error, c.want) || len(d.RequestID) != 36 || time.Since(d.FailedAt) > time.Hour {
				t.Errorf("after %d calls the dead letter is %+v", calls.Load(), d)
			}
			if text := log.String(); !strings.Contains(text, c.want) || !strings.Contains(text, d.RequestID) || strings.Contains(text, "secret") {
				t.Errorf("the log says %s", text)
			}
		})
	}
}

func TestRedriveRunsAllAttemptsAgain(t *testing.T) {
	var calls atomic.Int32
	var mended atomic.Bool
	r := start(t, functions.Function{Name: "f", RetryDelays: soon, Handler: handler(func(_ context.Context, p []byte) ([]byte, error) {
		calls.Add(1)
		if string(p) != `{"n":1}` {
			t.Errorf("the event is %s", p)
		}
		if mended.Load() {
			return nil, nil
		}
		return nil, errors.New("no luck")
	})})
	invokeAsync(t, r, "f", `{"n":1}`)
	eventually(t, "a dead letter", func() bool { return len(deadLetters(t, r)) == 1 })
	first := deadLetters(t, r)[0]
	if err := r.Redrive(first.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a dead letter again", func() bool { return len(deadLetters(t, r)) == 1 })
	second := deadLetters(t, r)[0]
	if calls.Load() != 6 || second.Attempts != 3 || second.ID == first.ID {
		t.Errorf("after %d calls the dead letter is %+v; the first was %+v", calls.Load(), second, first)
	}
	mended.Store(true)
	if err := r.Redrive(second.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a successful run", func() bool { return calls.Load() == 7 })
	if left := deadLetters(t, r); len(left) != 0 {
		t.Errorf("left over: %+v", left)
	}
	if err := r.Redrive(second.ID); !errors.Is(err, functions.ErrNoDeadLetter) {
		t.Errorf("sending it once more: %v", err)
	}
}

func TestHandlerThatIgnoresItsDeadlineTimesOut(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	r := start(t, functions.Function{Name: "f", Timeout: time.Millisecond, RetryDelays: []time.Duration{}, Handler: handler(
		func(context.Context, []byte) ([]byte, error) { <-release; return nil, nil },
	)})
	invokeAsync(t, r, "f", "{}")
	eventually(t, "a dead letter", func() bool { return len(deadLetters(t, r)) == 1 })
	if d := deadLetters(t, r)[0]; d.Attempts != 1 || !strings.Contains(d.Error, "timed out after 1ms") {
		t.Errorf("the dead letter is %+v", d)
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

func TestCloseWaitsForRunningInvocations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue.db")
	db := openDB(t, path)
	begun, finish := make(chan string, 10), make(chan struct{})
	f := functions.Function{Name: "f", Concurrency: 1, Handler: handler(func(_ context.Context, p []byte) ([]byte, error) {
		begun <- string(p)
		<-finish
		return nil, nil
	})}
	r := newRunner(t, db, f)
	r.Start()
	invokeAsync(t, r, "f", "first")
	invokeAsync(t, r, "f", "second")
	receive(t, begun)
	closed := make(chan struct{})
	go func() {
		closeRunner(t, r)
		close(closed)
	}()
	select {
	case <-closed:
		t.Fatal("Close did not wait")
	case <-time.After(50 * time.Millisecond):
	}
	close(finish)
	receive(t, closed)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	r = newRunner(t, openDB(t, path), f)
	r.Start()
	if got := receive(t, begun); got != "second" {
		t.Errorf("after the restart came %s", got)
	}
	closeRunner(t, r)
}

func TestInvocationCanceledByCloseIsNotCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue.db")
	db := openDB(t, path)
	begun := make(chan struct{}, 1)
	slow := functions.Function{Name: "f", RetryDelays: []time.Duration{}, Handler: handler(func(ctx context.Context, _ []byte) ([]byte, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	})}
	r := newRunner(t, db, slow)
	r.Start()
	invokeAsync(t, r, "f", "{}")
	receive(t, begun)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close gave %v", err)
	}
	if d := deadLetters(t, r); len(d) != 0 {
		t.Errorf("dead letters: %+v", d)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{}, 1)
	r = newRunner(t, openDB(t, path), functions.Function{Name: "f", Handler: handler(func(context.Context, []byte) ([]byte, error) {
		done <- struct{}{}
		return nil, nil
	})})
	r.Start()
	receive(t, done)
	closeRunner(t, r)
}

func TestInvocationsOfAFailedTransactionDoNotRun(t *testing.T) {
	db := openDB(t, filepath.Join(t.TempDir(), "queue.db"))
	got := make(chan string, 10)
	r := newRunner(t, db, functions.Function{Name: "f", Handler: handler(func(_ context.Context, p []byte) ([]byte, error) {
		got <- string(p)
		return nil, nil
	})})
	r.Start()
	failed := errors.New("failed")
	err := db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(r.InvokeTx(tx, "f", []byte("undone")), failed)
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	invokeAsync(t, r, "f", "kept")
	if p := receive(t, got); p != "kept" {
		t.Errorf("%s ran", p)
	}
	closeRunner(t, r)
}

func TestOldDeadLettersAreDeleted(t *testing.T) {
	db := openDB(t, filepath.Join(t.TempDir(), "queue.db"))
	now := time.Now()
	fail := functions.Function{Name: "f", RetryDelays: []time.Duration{}, Handler: handler(func(context.Context, []byte) ([]byte, error) {
		return nil, errors.New("no luck")
	})}
	for _, age := range []time.Duration{15 * 24 * time.Hour, 13 * 24 * time.Hour} {
		r, err := functions.New(db, []functions.Function{fail}, functions.Options{
			Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now.Add(-age) },
		})
		if err != nil {
			t.Fatal(err)
		}
		before := len(deadLetters(t, r))
		r.Start()
		invokeAsync(t, r, "f", fmt.Sprint(age))
		eventually(t, "a dead letter", func() bool { return len(deadLetters(t, r)) == before+1 })
		closeRunner(t, r)
	}
	r := newRunner(t, db, fail)
	if d := deadLetters(t, r); len(d) != 1 || string(d[0].Payload) != fmt.Sprint(13*24*time.Hour) {
		t.Errorf("dead letters: %+v", d)
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

// TestKilledRunner is the child process of the test below: it kills itself in
// its third invocation.
func TestKilledRunner(t *testing.T) {
	path := os.Getenv("FUNCTIONS_KILLED")
	if path == "" {
		t.Skip("runs only as a child process")
	}
	r := newRunner(t, openDB(t, path), functions.Function{Name: "f", Concurrency: 1, Handler: handler(func(_ context.Context, p []byte) ([]byte, error) {
		if string(p) != "2" {
			return nil, nil
		}
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		if err != nil {
			t.Error(err)
		}
		select {}
	})})
	for i := range 5 {
		invokeAsync(t, r, "f", fmt.Sprint(i))
	}
	r.Start()
	select {}
}

func TestInvocationsOfAKilledProcessRunInTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue.db")
	child := exec.Command(os.Args[0], "-test.run=^TestKilledRunner$")
	child.Env = append(os.Environ(), "FUNCTIONS_KILLED="+path)
	if out, err := child.CombinedOutput(); err == nil {
		t.Fatalf("the child was not killed: %s", out)
	}
	got := make(chan string, 10)
	r := newRunner(t, openDB(t, path), functions.Function{Name: "f", Concurrency: 1, Handler: handler(func(_ context.Context, p []byte) ([]byte, error) {
		got <- string(p)
		return nil, nil
	})})
	r.Start()
	for _, want := range []string{"2", "3", "4"} {
		if p := receive(t, got); p != want {
			t.Errorf("%s ran, want %s", p, want)
		}
	}
	closeRunner(t, r)
}

// BenchmarkInvokeAsync measures an invocation of an empty handler: stored, run
// and settled, with 16 callers and a concurrency of 16.
func BenchmarkInvokeAsync(b *testing.B) {
	var left atomic.Int64
	left.Store(int64(b.N))
	done := make(chan struct{})
	r := start(b, functions.Function{Name: "f", Concurrency: 16, Handler: handler(func(context.Context, []byte) ([]byte, error) {
		if left.Add(-1) == 0 {
			close(done)
		}
		return nil, nil
	})})
	payload, err := json.Marshal(map[string]string{"event": strings.Repeat("x", 800)})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := r.InvokeAsync("f", payload); err != nil {
				b.Error(err)
				return
			}
		}
	})
	<-done
}

// BenchmarkInvokeAsyncAlone measures one event in an idle runner, from
// enqueueing to the handler's start.
func BenchmarkInvokeAsyncAlone(b *testing.B) {
	ran := make(chan struct{})
	r := start(b, functions.Function{Name: "f", Handler: handler(func(context.Context, []byte) ([]byte, error) {
		ran <- struct{}{}
		return nil, nil
	})})
	for b.Loop() {
		if err := r.InvokeAsync("f", []byte("{}")); err != nil {
			b.Fatal(err)
		}
		<-ran
	}
}
