// Package queue keeps the work of the one-machine mode on disk: one bbolt file that holds several named queues and
// whatever buckets the other stand-ins add to it.
//
// A [Queue] delivers at least once. [Queue.Receive] leases a message; [Lease.Ack] deletes it, [Lease.Retry] puts it back
// with a delay and counts the attempt, [Lease.Release] puts it back as it was. Leases live in memory only, so everything
// that was in flight when the process died is delivered again by the next one: kill -9 loses nothing that was
// acknowledged to a caller. Every change is on disk (fdatasync) before the call that made it returns; calls that come
// while the disk is busy share one commit, so throughput grows with concurrency and a lone call waits for no timer.
//
// A message can be enqueued, or settled, in one transaction with other documents of the same file: see
// [Queue.EnqueueTx] and [Lease.AckWith].
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

// ErrClosed is what calls return once [DB.Close] has begun.
var ErrClosed = errors.New("the queue database is closed")

// maxBatch bounds how many callers share one commit, so that no transaction grows without limit.
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

// Open opens the database file at path, creating it and its folder where missing. Only one process can hold it: a
// second one gets an error after a second.
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

// Update runs fn in a read-write transaction shared with the other callers of the moment and returns when it is on
// disk. If another caller's function fails, fn is run again in a fresh transaction, so fn must have no effects outside
// the transaction that a second run would spoil. fn's error undoes only fn's own writes and is returned as it is.
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

// Close lets the writes already under way reach the disk, then closes the file. Leases that are still out are simply
// dropped: their messages are delivered again by the next process.
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

// update is one caller's share of a commit.
type update struct {
	fn     func(tx *bbolt.Tx) error
	result chan error
}

// commitLoop takes whatever has gathered while the last commit was being written and commits it together.
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

// commit runs the batch in one transaction. A function that fails takes the transaction with it, so it is answered and
// left out, and the rest is tried again.
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

// run turns a panic of the caller's function into its error, so that one caller cannot end the process from the
// committing goroutine.
func (u *update) run(tx *bbolt.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a database update: %v", p)
		}
	}()
	return u.fn(tx)
}
