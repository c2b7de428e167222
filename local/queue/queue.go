package queue

import (
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// Message is one delivery.
type Message struct {
	// ID is the message's number in its queue, unique for the life of the file
	// and increasing in order of enqueueing.
	ID uint64
	// Payload is a copy that the receiver may keep and modify.
	Payload []byte
	// Attempt counts deliveries that were answered with Retry, plus this one: 1
	// for the first. A delivery that ended with the process is not counted,
	// since its progress is unknown.
	Attempt int
	// EnqueuedAt is when Enqueue was called.
	EnqueuedAt time.Time
}

// Queue is one named queue of a [DB]. Messages are delivered in the order of
// their due times, then in the order of enqueueing. It is safe for concurrent
// use.
type Queue struct {
	db     *DB
	name   string
	bucket []byte

	mu       sync.Mutex
	waiting  schedule
	inFlight map[uint64]struct{}
	closed   chan struct{}
	once     sync.Once

	// signal has at most one token. The receiver that takes it checks the
	// schedule and passes it on if another message is waiting, so that one
	// enqueue wakes one receiver and not all of them.
	signal chan struct{}
}

// Queue returns the queue of that name and creates it if missing. Calls with
// the same name return the same queue.
func (db *DB) Queue(name string) (*Queue, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closing {
		return nil, ErrClosed
	}
	if q, ok := db.queues[name]; ok {
		return q, nil
	}
	q := &Queue{
		db:       db,
		name:     name,
		bucket:   []byte("queue/" + name),
		inFlight: map[uint64]struct{}{},
		closed:   make(chan struct{}),
		signal:   make(chan struct{}, 1),
	}
	err := db.bolt.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(q.bucket)
		if err != nil {
			return err
		}
		return b.ForEach(func(k, v []byte) error {
			rec, err := decodeRecord(v)
			if err != nil {
				return fmt.Errorf("message %d: %w", binary.BigEndian.Uint64(k), err)
			}
			q.waiting = append(q.waiting, due{at: rec.notBefore, id: binary.BigEndian.Uint64(k)})
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("loading queue %s: %w", name, err)
	}
	heap.Init(&q.waiting)
	db.queues[name] = q
	return q, nil
}

// Name returns the queue's name.
func (q *Queue) Name() string { return q.name }

// Len returns the number of messages that wait for delivery, including delayed
// ones and excluding those in flight.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// InFlight returns the number of leased messages.
func (q *Queue) InFlight() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.inFlight)
}

// Enqueue stores a message that is due after delay (0: at once) and returns its
// ID when it is on disk.
func (q *Queue) Enqueue(payload []byte, delay time.Duration) (uint64, error) {
	var id uint64
	err := q.db.Update(func(tx *bbolt.Tx) (err error) {
		id, err = q.EnqueueTx(tx, payload, delay)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("enqueueing on %s: %w", q.name, err)
	}
	return id, nil
}

// EnqueueTx is Enqueue inside the caller's transaction of the same database:
// the message exists once that transaction commits, which also wakes a
// receiver.
func (q *Queue) EnqueueTx(tx *bbolt.Tx, payload []byte, delay time.Duration) (uint64, error) {
	b := tx.Bucket(q.bucket)
	id, err := b.NextSequence()
	if err != nil {
		return 0, err
	}
	now := time.Now()
	rec := record{notBefore: now.Add(delay).UnixNano(), enqueuedAt: now.UnixNano(), payload: payload}
	if err := b.Put(key(id), rec.encode()); err != nil {
		return 0, err
	}
	tx.OnCommit(func() { q.schedule(due{at: rec.notBefore, id: id}) })
	return id, nil
}

// Receive waits until a message is due and leases it. It returns ctx's error if
// ctx ends first, and [ErrClosed] if the database is closed.
func (q *Queue) Receive(ctx context.Context) (*Lease, error) {
	for {
		if err := ctx.Err(); err != nil {
			q.wake() // pass on the token that this receiver may have taken
			return nil, err
		}
		next, wait, ok := q.take()
		if ok {
			lease, err := q.lease(next)
			if err != nil {
				return nil, err
			}
			return lease, nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-q.closed:
			timer.Stop()
			return nil, ErrClosed
		case <-q.signal:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// take removes the first message that is due from the schedule, or returns how
// long to wait for it.
func (q *Queue) take() (next due, wait time.Duration, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case <-q.closed:
		return due{}, math.MaxInt64, false
	default:
	}
	if len(q.waiting) == 0 {
		return due{}, math.MaxInt64, false
	}
	now := time.Now().UnixNano()
	if first := q.waiting[0]; first.at > now {
		return due{}, time.Duration(first.at - now), false
	}
	next = heap.Pop(&q.waiting).(due)
	q.inFlight[next.id] = struct{}{}
	if len(q.waiting) > 0 {
		q.wakeLocked()
	}
	return next, 0, true
}

// lease reads the leased message from disk.
func (q *Queue) lease(d due) (*Lease, error) {
	l := &Lease{q: q, due: d}
	err := q.db.View(func(tx *bbolt.Tx) error {
		rec, err := decodeRecord(tx.Bucket(q.bucket).Get(key(d.id)))
		if err != nil {
			return err
		}
		l.Message = Message{
			ID:         d.id,
			Payload:    append([]byte(nil), rec.payload...),
			Attempt:    int(rec.retries) + 1,
			EnqueuedAt: time.Unix(0, rec.enqueuedAt),
		}
		return nil
	})
	if err != nil {
		q.back(d)
		return nil, fmt.Errorf("reading message %d of queue %s: %w", d.id, q.name, err)
	}
	return l, nil
}

// back returns a leased message to the schedule.
func (q *Queue) back(d due) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.inFlight, d.id)
	heap.Push(&q.waiting, d)
	q.wakeLocked()
}

// forget ends the lease of a deleted message.
func (q *Queue) forget(d due) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.inFlight, d.id)
}

func (q *Queue) schedule(d due) {
	q.mu.Lock()
	defer q.mu.Unlock()
	heap.Push(&q.waiting, d)
	q.wakeLocked()
}

func (q *Queue) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wakeLocked()
}

func (q *Queue) wakeLocked() {
	select {
	case q.signal <- struct{}{}:
	default:
	}
}

func (q *Queue) close() { q.once.Do(func() { close(q.closed) }) }

// due is a message with the time from which it may be delivered (Unix
// nanoseconds).
type due struct {
	at int64
	id uint64
}

// schedule is a heap of messages by due time, then by ID.
type schedule []due

func (s schedule) Len() int { return len(s) }
func (s schedule) Less(i, j int) bool {
	return s[i].at < s[j].at || s[i].at == s[j].at && s[i].id < s[j].id
}
func (s schedule) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *schedule) Push(x any)   { *s = append(*s, x.(due)) }
func (s *schedule) Pop() any {
	old := *s
	last := old[len(old)-1]
	*s = old[:len(old)-1]
	return last
}

// record is a message on disk: a version byte, not-before and enqueued-at (Unix
// nanoseconds), the number of retries, then the payload.
type record struct {
	notBefore  int64
	enqueuedAt int64
	retries    uint32
	payload    []byte
}

const (
	recordVersion = 1
	recordHeader  = 1 + 8 + 8 + 4
)

func (r record) encode() []byte {
	out := make([]byte, recordHeader, recordHeader+len(r.payload))
	out[0] = recordVersion
	binary.BigEndian.PutUint64(out[1:], uint64(r.notBefore))
	binary.BigEndian.PutUint64(out[9:], uint64(r.enqueuedAt))
	binary.BigEndian.PutUint32(out[17:], r.retries)
	return append(out, r.payload...)
}

func decodeRecord(v []byte) (record, error) {
	if len(v) < recordHeader || v[0] != recordVersion {
		return record{}, errors.New("the stored message has an unknown layout; it was written by another version")
	}
	return record{
		notBefore:  int64(binary.BigEndian.Uint64(v[1:])),
		enqueuedAt: int64(binary.BigEndian.Uint64(v[9:])),
		retries:    binary.BigEndian.Uint32(v[17:]),
		payload:    v[recordHeader:],
	}, nil
}

func key(id uint64) []byte { return binary.BigEndian.AppendUint64(nil, id) }
