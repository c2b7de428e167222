package functions

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// DeadLetter is an asynchronous invocation that failed all its attempts.
type DeadLetter struct {
	// ID is the argument of [Runner.Redrive]; it is the database key and not
	// part of the stored JSON.
	ID        uint64 `json:"id"`
	Function  string `json:"function"`
	RequestID string `json:"requestId"`
	// Payload is the event, as it was queued.
	Payload []byte `json:"payload"`
	// Attempts is the number of attempts; Error is the last one's.
	Attempts int       `json:"attempts"`
	Error    string    `json:"error"`
	FailedAt time.Time `json:"failedAt"`
}

// DeadLetterRetention is how long a dead letter is kept: SQS's maximum
// retention period.
const DeadLetterRetention = 14 * 24 * time.Hour

var deadLetters = []byte("functions/dead-letters")

// DeadLetters lists the dead letters, oldest first.
func (r *Runner) DeadLetters() ([]DeadLetter, error) {
	list := []DeadLetter{}
	err := r.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(deadLetters)
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, v []byte) error {
			var d DeadLetter
			if err := json.Unmarshal(v, &d); err != nil {
				return err
			}
			d.ID = binary.BigEndian.Uint64(k)
			list = append(list, d)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("listing dead letters: %w", err)
	}
	return list, nil
}

// ErrNoDeadLetter is returned for the ID of no dead letter, or of one that has
// been redriven.
var ErrNoDeadLetter = errors.New("there is no such dead letter")

// Redrive queues the event of a dead letter as a new invocation, with a new set
// of attempts, and removes the dead letter, in one transaction.
func (r *Runner) Redrive(id uint64) error {
	return r.db.Update(func(tx *bbolt.Tx) error {
		b, key := tx.Bucket(deadLetters), binary.BigEndian.AppendUint64(nil, id)
		var stored []byte
		if b != nil {
			stored = b.Get(key)
		}
		if stored == nil {
			return fmt.Errorf("sending dead letter %d again: %w", id, ErrNoDeadLetter)
		}
		var d DeadLetter
		if err := json.Unmarshal(stored, &d); err != nil {
			return fmt.Errorf("reading dead letter %d: %w", id, err)
		}
		if err := b.Delete(key); err != nil {
			return fmt.Errorf("removing dead letter %d: %w", id, err)
		}
		return r.InvokeTx(tx, d.Function, d.Payload)
	})
}

// deadLetter returns a function that stores d in the transaction that removes
// its message from the queue.
func (r *Runner) deadLetter(d DeadLetter) func(tx *bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(deadLetters)
		if err != nil {
			return err
		}
		n, err := b.NextSequence()
		if err != nil {
			return err
		}
		text, err := json.Marshal(d)
		if err != nil {
			return err
		}
		return b.Put(binary.BigEndian.AppendUint64(nil, n), text)
	}
}

// prune deletes dead letters older than [DeadLetterRetention]. They are stored
// in order of failure, so it stops at the first that is newer.
func (r *Runner) prune() error {
	oldest := r.now().Add(-DeadLetterRetention)
	err := r.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(deadLetters)
		if b == nil {
			return nil
		}
		var old [][]byte
		c := b.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			var d DeadLetter
			if err := json.Unmarshal(v, &d); err != nil {
				return err
			}
			if d.FailedAt.After(oldest) {
				break
			}
			old = append(old, k)
		}
		for _, k := range old {
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("deleting old dead letters: %w", err)
	}
	return nil
}
