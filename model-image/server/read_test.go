package server

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestMemoryIsReservedInOrderOfArrival(t *testing.T) {
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
	second, err := m.reserve(t.Context(), 4)
	if err != nil {
		t.Fatal(err)
	}
	large := make(chan func())
	go func() {
		all, err := m.reserve(t.Context(), 1000)
		if err != nil {
			t.Error(err)
		}
		large <- all
	}()
	release()
	second()
	(<-large)()
	if !m.free.TryAcquire(10) {
		t.Error("not all was released")
	}
}

func TestPhotoTimeoutIsOfFetchAndDecodeTogether(t *testing.T) {
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
	if !errors.Is(err, errPanicked) || !unreadable(err) {
		t.Errorf("within returned %v", err)
	}
}
