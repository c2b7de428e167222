package server

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"golang.org/x/sync/semaphore"
)

// errReadTimedOut is the error of a file that was not read within PhotoTimeout,
// and the cause of its context.
var errReadTimedOut = errors.New("the photo timeout has expired")

// fetched is a user's file before it is decoded.
type fetched struct {
	data []byte
	// memory is an upper bound of the bytes that decoding allocates.
	memory int64
}

// read fetches a photo or a mask and decodes it. Both together may take
// PhotoTimeout, else the error is [errReadTimedOut]. In between, read waits for
// memory for the decoding, outside of that time.
func read[T any](ctx context.Context, s *Server, fetch func(context.Context) (fetched, error), decode func(context.Context, []byte) (T, error)) (decoded T, err error) {
	left := s.cfg.PhotoTimeout
	file, err := within(ctx, &left, fetch)
	if err != nil {
		return decoded, err
	}
	release, err := s.memory.reserve(ctx, file.memory)
	if err != nil {
		return decoded, err
	}
	defer release()
	return within(ctx, &left, func(ctx context.Context) (T, error) { return decode(ctx, file.data) })
}

// within calls f with a context that ends when no time is left, and subtracts
// the time that f took. It returns a panic of f as an error: the files are
// untrusted input.
func within[T any](ctx context.Context, left *time.Duration, f func(context.Context) (T, error)) (result T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{value: p, stack: debug.Stack()}
		}
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, *left, errReadTimedOut)
	defer cancel()
	began := time.Now()
	result, err = f(ctx)
	*left -= time.Since(began)
	if err != nil && errors.Is(context.Cause(ctx), errReadTimedOut) {
		err = errReadTimedOut
	}
	return result, err
}

// memory limits the bytes that are allocated for decoding at the same time.
// Requests get theirs in the order of arrival. A request never holds more than
// one reservation, so requests cannot block each other.
type memory struct {
	bytes int64
	free  *semaphore.Weighted
}

func newMemory(bytes int64) *memory {
	return &memory{bytes: bytes, free: semaphore.NewWeighted(bytes)}
}

// reserve waits for memory. What needs more than there is gets all of it. If ctx
// ends first, the error is its cause.
func (m *memory) reserve(ctx context.Context, bytes int64) (release func(), err error) {
	bytes = min(bytes, m.bytes)
	if m.free.Acquire(ctx, bytes) != nil {
		return nil, context.Cause(ctx)
	}
	return func() { m.free.Release(bytes) }, nil
}
