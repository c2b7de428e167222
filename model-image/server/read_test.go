package server

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestReservationEndsWithItsContext(t *testing.T) {
	m := newMemory(10)
	release, err := m.reserve(t.Context(), 6)
	if err != nil {
		t.Fatal(err)
	}
	reason := errors.New("given up")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	if _, err := m.reserve(ctx, 5); !errors.Is(err, reason) {
		t.Errorf("reserve returned %v", err)
	}
	release()
}

func TestMemoryIsReservedInOrderOfArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(10)
		var order []string
		ask := func(name string, bytes int64) (release func()) {
			done := make(chan struct{})
			go func() {
				release, err := m.reserve(t.Context(), bytes)
				if err != nil {
					t.Error(err)
					return
				}
				order = append(order, name)
				<-done
				release()
			}()
			synctest.Wait()
			return func() { close(done); synctest.Wait() }
		}
		first := ask("first", 6)
		all := ask("more than there is", 1000)
		small := ask("small", 4) // would fit beside the first
		first()
		all()
		small()
		if want := []string{"first", "more than there is", "small"}; !slices.Equal(order, want) {
			t.Errorf("memory was given to %v, want %v", order, want)
		}
		if !m.free.TryAcquire(10) {
			t.Error("not all was released")
		}
	})
}

func TestPhotoTimeoutIsOfFetchAndDecodeTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{cfg: Config{PhotoTimeout: time.Second}, memory: newMemory(1)}
		half := func(ctx context.Context) error {
			select {
			case <-time.After(600 * time.Millisecond):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		began := time.Now()
		_, err := read(t.Context(), s,
			func(ctx context.Context) (fetched, error) { return fetched{}, half(ctx) },
			func(ctx context.Context, _ []byte) (int, error) { return 0, half(ctx) })
		if took := time.Since(began); !errors.Is(err, errReadTimedOut) || took != time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestTimeIsSubtracted(t *testing.T) {
	left := time.Hour
	if _, err := within(t.Context(), &left, func(context.Context) (int, error) { return 1, nil }); err != nil || left >= time.Hour {
		t.Errorf("%v; %s left", err, left)
	}
	left = 0
	if _, err := within(t.Context(), &left, func(ctx context.Context) (int, error) { return 0, ctx.Err() }); !errors.Is(err, errReadTimedOut) {
		t.Errorf("without time: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("given up")
	cancel(reason)
	left = time.Hour
	if _, err := within(ctx, &left, func(ctx context.Context) (int, error) { return 0, context.Cause(ctx) }); !errors.Is(err, reason) {
		t.Errorf("a request that has ended: %v", err)
	}
}

func TestPanicOfADecoderIsAnError(t *testing.T) {
	left := time.Hour
	_, err := within(t.Context(), &left, func(context.Context) (int, error) { panic("index out of range") })
	var crash *panicError
	if !errors.As(err, &crash) || len(crash.stack) == 0 || !unreadable(err) {
		t.Errorf("within returned %v", err)
	}
}
