package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// Redelivery is when a message comes again whose settlement could not be written.
const Redelivery = time.Second

// ErrSettled is returned by the second and any later settlement of one lease.
var ErrSettled = errors.New("the lease is settled already")

// Lease is a message on loan. Exactly one of Ack, AckWith, Retry, Release and Postpone ends it; where Ack, AckWith or
// Retry fails, as on a full disk, the message is delivered again after [Redelivery], at the same attempt.
type Lease struct {
	Message
	q   *Queue
	due due

	mu      sync.Mutex
	settled bool
}

// Ack deletes the message.
func (l *Lease) Ack() error { return l.AckWith(nil) }

// AckWith deletes the message and runs fn in the same transaction, so that what the message led to and its deletion are
// one step. fn may run more than once, as for [DB.Update]; nil does nothing.
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

// Release gives the message back unchanged, for a receiver that stops before it has begun. It writes nothing.
func (l *Lease) Release() error {
	if err := l.settle(); err != nil {
		return err
	}
	l.q.back(l.due)
	return nil
}

// Postpone gives the message back to be delivered after delay. It writes nothing: the attempt is not counted, and a
// process that starts meanwhile delivers the message at once.
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

// Consume receives with as many workers as given until ctx ends or the database is closed, and returns when every
// handle call has returned. handle settles its lease; a lease it leaves unsettled is released. Errors of Receive other
// than the end of ctx and [ErrClosed] end the worker and are returned.
//
// handle's context is its caller's business: Consume does not cancel work under way when ctx ends, it only takes no
// more.
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
				// ErrSettled is the usual answer here.
				_ = lease.Release()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
