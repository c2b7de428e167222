// Package queue stores the work of the one-machine mode on disk: one bbolt file
// with several named queues and the buckets of the other stand-ins.
//
// A [Queue] delivers at least once. [Queue.Receive] leases a message;
// [Lease.Ack] deletes it, [Lease.Retry] puts it back with a delay and counts
// the attempt, [Lease.Release] puts it back as it was. Leases live in memory
// only, so every message that was in flight when the process ended is delivered
// again by the next process: SIGKILL loses no message whose enqueueing has
// returned. Every change is on disk (fdatasync) before the call that made it
// returns; calls made while a commit is in progress share the next one, so
// throughput grows with concurrency and a single call does not wait for a
// timer.
//
// A message can be enqueued, or settled, in one transaction with other
// documents of the same file: see [Queue.EnqueueTx] and [Lease.AckWith].
package queue

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// ErrClosed is returned by calls after [DB.Close] has begun.
var ErrClosed = errors.New("the queue database is closed")

// maxBatch bounds how many callers share one commit, so that no transaction
// grows without limit.
const maxBatch = 512

// DB is one open database file. It is safe for concurrent use.
type DB struct {
	bolt *bbolt.DB

	mu      sync.Mutex
	queues  map[string]*Queue
	closing bool
	senders sync.WaitGroup

	updates chan *update
	done    chan struct{}
}

// Open opens the database file at path, creating it and its folder where
// missing. Only one process can open it at a time: another gets an error after
// one second.
func Open(path string) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("creating the folder of the queue database: %w", err)
	}
	bolt, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:        time.Second,
		NoFreelistSync: true, // a smaller commit; the freelist is rebuilt at open, which is cheap at this size
		FreelistType:   bbolt.FreelistMapType,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("opening %s: another process is using it; stop that one or choose another data folder", path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the queue database %s: %w", path, err)
	}
	db := &DB{
		bolt:    bolt,
		queues:  map[string]*Queue{},
		updates: make(chan *update, maxBatch),
		done:    make(chan struct{}),
	}
	go db.commitLoop()
	return db, nil
}

// View runs fn in a read-only transaction.
func (db *DB) View(fn func(tx *bbolt.Tx) error) error { return db.bolt.View(fn) }

// Update runs fn in a read-write transaction shared with concurrent callers and
// returns when it is on disk. If another caller's function fails, fn is run
// again in a fresh transaction, so its effects outside the transaction must be
// idempotent. An error of fn undoes only the writes of fn and is returned
// unchanged.
func (db *DB) Update(fn func(tx *bbolt.Tx) error) error {
	db.mu.Lock()
	if db.closing {
		db.mu.Unlock()
		return ErrClosed
	}
	db.senders.Add(1)
	db.mu.Unlock()

	u := &update{fn: fn, result: make(chan error, 1)}
	db.updates <- u
	db.senders.Done()
	return <-u.result
}

// Close waits for pending writes, then closes the file. Messages whose leases
// are not settled are delivered again by the next process.
func (db *DB) Close() error {
	db.mu.Lock()
	if db.closing {
		db.mu.Unlock()
		<-db.done
		return nil
	}
	db.closing = true
	queues := make([]*Queue, 0, len(db.queues))
	for _, q := range db.queues {
		queues = append(queues, q)
	}
	db.mu.Unlock()

	for _, q := range queues {
		q.close()
	}
	db.senders.Wait()
	close(db.updates)
	<-db.done
	if err := db.bolt.Close(); err != nil {
		return fmt.Errorf("closing the queue database: %w", err)
	}
	return nil
}

// update is one caller's part of a commit.
type update struct {
	fn     func(tx *bbolt.Tx) error
	result chan error
}

// commitLoop commits together the updates that arrived during the previous
// commit.
func (db *DB) commitLoop() {
	defer close(db.done)
	for first := range db.updates {
		batch := []*update{first}
	gather:
		for len(batch) < maxBatch {
			select {
			case u, ok := <-db.updates:
				if !ok {
					break gather
				}
				batch = append(batch, u)
			default:
				break gather
			}
		}
		db.commit(batch)
	}
}

// commit runs the batch in one transaction. A function that fails rolls the
// transaction back: its caller gets the error, and the others run again without
// it.
func (db *DB) commit(batch []*update) {
	for len(batch) > 0 {
		failed := -1
		err := db.bolt.Update(func(tx *bbolt.Tx) error {
			for i, u := range batch {
				if err := u.run(tx); err != nil {
					failed = i
					return err
				}
			}
			return nil
		})
		if failed < 0 {
			for _, u := range batch {
				u.result <- err
			}
			return
		}
		batch[failed].result <- err
		batch = append(batch[:failed], batch[failed+1:]...)
	}
}

// run returns a panic of the caller's function as its error, because a panic in
// the committing goroutine would end the process.
func (u *update) run(tx *bbolt.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a database update: %v", p)
		}
	}()
	return u.fn(tx)
}
