package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// Redelivery is the delay before a message is delivered again whose settlement
// could not be written.
const Redelivery = time.Second

// ErrSettled is returned by the second and any later settlement of one lease.
var ErrSettled = errors.New("the lease is settled already")

// Lease is a delivered message that is not settled yet. Exactly one of Ack,
// AckWith, Retry, Release and Postpone settles it; if Ack, AckWith or Retry
// fails, as on a full disk, the message is delivered again after [Redelivery],
// with the same attempt number.
type Lease struct {
	Message
	q   *Queue
	due due

	mu      sync.Mutex
	settled bool
}

// Ack deletes the message.
func (l *Lease) Ack() error { return l.AckWith(nil) }

// AckWith deletes the message and runs fn in the same transaction, so that the
// message's effects and its deletion are atomic. fn may run more than once, as
// for [DB.Update], and may be nil.
func (l *Lease) AckWith(fn func(tx *bbolt.Tx) error) error {
	if err := l.settle(); err != nil {
		return err
	}
	err := l.q.db.Update(func(tx *bbolt.Tx) error {
		if err := tx.Bucket(l.q.bucket).Delete(key(l.ID)); err != nil {
			return err
		}
		if fn != nil {
			return fn(tx)
		}
		return nil
	})
	if err != nil {
		l.again(Redelivery)
		return fmt.Errorf("acknowledging message %d of queue %s: %w", l.ID, l.q.name, err)
	}
	l.q.forget(l.due)
	return nil
}

// Retry counts the attempt and delivers the message again after delay.
func (l *Lease) Retry(delay time.Duration) error {
	if err := l.settle(); err != nil {
		return err
	}
	at := time.Now().Add(delay).UnixNano()
	err := l.q.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(l.q.bucket)
		rec, err := decodeRecord(b.Get(key(l.ID)))
		if err != nil {
			return err
		}
		rec.notBefore = at
		rec.retries++
		return b.Put(key(l.ID), rec.encode())
	})
	if err != nil {
		l.again(Redelivery)
		return fmt.Errorf("returning message %d to queue %s: %w", l.ID, l.q.name, err)
	}
	l.q.back(due{at: at, id: l.ID})
	return nil
}

// Release returns the message to the queue unchanged, for a receiver that stops
// before it has processed it. It writes nothing.
func (l *Lease) Release() error {
	if err := l.settle(); err != nil {
		return err
	}
	l.q.back(l.due)
	return nil
}

// Postpone returns the message to the queue for delivery after delay. It writes
// nothing: the attempt is not counted, and after a restart the message is
// delivered at once.
func (l *Lease) Postpone(delay time.Duration) error {
	if err := l.settle(); err != nil {
		return err
	}
	l.again(delay)
	return nil
}

func (l *Lease) again(delay time.Duration) {
	l.q.back(due{at: time.Now().Add(delay).UnixNano(), id: l.ID})
}

func (l *Lease) settle() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.settled {
		return ErrSettled
	}
	l.settled = true
	return nil
}

// Consume receives messages with the given number of workers until ctx ends or
// the database is closed, and returns when every handle call has returned.
// handle settles its lease; a lease it leaves unsettled is released. Errors of
// Receive other than the end of ctx and [ErrClosed] end the worker and are
// returned.
//
// Consume does not cancel running handle calls when ctx ends; it only receives
// no more messages.
func (q *Queue) Consume(ctx context.Context, workers int, handle func(*Lease)) error {
	var (
		wg   sync.WaitGroup
		errs = make([]error, workers)
	)
	for w := range workers {
		wg.Go(func() {
			for {
				lease, err := q.Receive(ctx)
				if err != nil {
					if ctx.Err() == nil && !errors.Is(err, ErrClosed) {
						errs[w] = err
					}
					return
				}
				handle(lease)
				// ErrSettled is the usual result: handle has settled the lease.
				_ = lease.Release()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
