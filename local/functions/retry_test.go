package functions_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"gen3d/local/functions"
)

func deadLetters(t testing.TB, r *functions.Runner) []functions.DeadLetter {
	t.Helper()
	list, err := r.DeadLetters()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

var soon = []time.Duration{time.Millisecond, 2 * time.Millisecond}

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
		handle  handler
		timeout time.Duration
		want    string
	}{
		"an error":  {func(context.Context, []byte) ([]byte, error) { return nil, errors.New("no luck") }, timeout, "no luck"},
		"a panic":   {func(context.Context, []byte) ([]byte, error) { panic("oh no") }, timeout, "panic: oh no"},
		"a timeout": {func(ctx context.Context, _ []byte) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() }, 20 * time.Millisecond, "deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			var (
				log   bytes.Buffer
				calls atomic.Int32
			)
			db := openDB(t, filepath.Join(t.TempDir(), "queue.db"))
			r, err := functions.New(db, []functions.Function{{
				Name: "f", RetryDelays: soon, Timeout: c.timeout,
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
