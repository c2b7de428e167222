package queue_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"gen3d/local/queue"
)

const timeout = 2 * time.Minute

func openDB(t testing.TB, path string) *queue.DB {
	t.Helper()
	db, err := queue.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func open(t testing.TB, path, name string) (*queue.DB, *queue.Queue) {
	t.Helper()
	db := openDB(t, path)
	q, err := db.Queue(name)
	if err != nil {
		t.Fatal(err)
	}
	return db, q
}

func enqueue(t testing.TB, q *queue.Queue, payload string, delay time.Duration) uint64 {
	t.Helper()
	id, err := q.Enqueue([]byte(payload), delay)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func receive(t testing.TB, q *queue.Queue) *queue.Lease {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	lease, err := q.Receive(ctx)
	if err != nil {
		t.Fatalf("receiving from %s: %v", q.Name(), err)
	}
	return lease
}

func ack(t testing.TB, l *queue.Lease) {
	t.Helper()
	if err := l.Ack(); err != nil {
		t.Fatal(err)
	}
}

func wantCounts(t testing.TB, q *queue.Queue, waiting, inFlight int) {
	t.Helper()
	if q.Len() != waiting || q.InFlight() != inFlight {
		t.Errorf("queue %s has %d waiting and %d in flight, want %d and %d", q.Name(), q.Len(), q.InFlight(), waiting, inFlight)
	}
}

func TestMessagesAreDeliveredInOrder(t *testing.T) {
	_, q := open(t, filepath.Join(t.TempDir(), "q.db"), "extract")
	for i := range 50 {
		enqueue(t, q, fmt.Sprint(i), 0)
	}
	wantCounts(t, q, 50, 0)
	for i := range 50 {
		l := receive(t, q)
		if string(l.Payload) != fmt.Sprint(i) || l.Attempt != 1 {
			t.Fatalf("delivery %d is %q at attempt %d", i, l.Payload, l.Attempt)
		}
		ack(t, l)
	}
	wantCounts(t, q, 0, 0)
}

func TestDelayedMessageIsOvertaken(t *testing.T) {
	_, q := open(t, filepath.Join(t.TempDir(), "q.db"), "extract")
	enqueue(t, q, "late", time.Hour)
	enqueue(t, q, "now", 0)
	if l := receive(t, q); string(l.Payload) != "now" {
		t.Fatalf("first delivery is %q", l.Payload)
	}
	wantCounts(t, q, 1, 1)
}

func TestDelayedMessageIsDeliveredAfterItsDelay(t *testing.T) {
	_, q := open(t, filepath.Join(t.TempDir(), "q.db"), "extract")
	start := time.Now()
	enqueue(t, q, "late", 300*time.Millisecond)
	l := receive(t, q)
	if waited := time.Since(start); string(l.Payload) != "late" || waited < 300*time.Millisecond {
		t.Fatalf("the delivery is %q after %v", l.Payload, waited)
	}
}

func TestOnlyRetryCountsAnAttempt(t *testing.T) {
	_, q := open(t, filepath.Join(t.TempDir(), "q.db"), "extract")
	id := enqueue(t, q, "job", 0)
	if err := receive(t, q).Release(); err != nil {
		t.Fatal(err)
	}
	for attempt := 1; attempt <= 3; attempt++ {
		l := receive(t, q)
		if l.ID != id || l.Attempt != attempt || string(l.Payload) != "job" {
			t.Fatalf("got message %d attempt %d %q, want %d attempt %d", l.ID, l.Attempt, l.Payload, id, attempt)
		}
		wantCounts(t, q, 0, 1)
		if err := l.Retry(time.Millisecond); err != nil {
			t.Fatal(err)
		}
		wantCounts(t, q, 1, 0)
		if err := l.Ack(); !errors.Is(err, queue.ErrSettled) {
			t.Fatalf("settling twice gave %v", err)
		}
	}
}

func TestPostponeDoesNotCountAnAttempt(t *testing.T) {
	_, q := open(t, filepath.Join(t.TempDir(), "q.db"), "extract")
	id := enqueue(t, q, "job", 0)
	l := receive(t, q)
	if err := l.Postpone(time.Millisecond); err != nil {
		t.Fatal(err)
	}
	wantCounts(t, q, 1, 0)
	if err := l.Postpone(0); !errors.Is(err, queue.ErrSettled) {
		t.Errorf("postponing twice gave %v", err)
	}
	if again := receive(t, q); again.ID != id || again.Attempt != 1 {
		t.Errorf("got message %d attempt %d", again.ID, again.Attempt)
	}
}

// A commit fails on a full disk; its message must not stay in flight.
func TestFailedSettlementRedelivers(t *testing.T) {
	_, q := open(t, filepath.Join(t.TempDir(), "q.db"), "extract")
	id := enqueue(t, q, "job", 0)
	full := errors.New("no space left on device")
	for range 2 {
		l := receive(t, q)
		if l.ID != id || l.Attempt != 1 {
			t.Fatalf("got message %d attempt %d", l.ID, l.Attempt)
		}
		if err := l.AckWith(func(*bbolt.Tx) error { return full }); !errors.Is(err, full) {
			t.Fatalf("acknowledging gave %v", err)
		}
		wantCounts(t, q, 1, 0)
	}
	ack(t, receive(t, q))
	wantCounts(t, q, 0, 0)
}

func TestInFlightMessagesAreRedeliveredAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	db, q := open(t, path, "extract")
	enqueue(t, q, "done", 0)
	enqueue(t, q, "in flight", 0)
	enqueue(t, q, "waiting", 0)
	ack(t, receive(t, q))
	if l := receive(t, q); string(l.Payload) != "in flight" {
		t.Fatalf("second delivery is %q", l.Payload)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Enqueue(nil, 0); !errors.Is(err, queue.ErrClosed) {
		t.Fatalf("enqueueing on a closed database gave %v", err)
	}

	_, q = open(t, path, "extract")
	wantCounts(t, q, 2, 0)
	for _, want := range []string{"in flight", "waiting"} {
		if l := receive(t, q); string(l.Payload) != want || l.Attempt != 1 {
			t.Fatalf("got %q at attempt %d, want %q", l.Payload, l.Attempt, want)
		}
	}
}

func TestQueuesOfOneFileAreIndependent(t *testing.T) {
	db, a := open(t, filepath.Join(t.TempDir(), "q.db"), "a")
	b, err := db.Queue("b")
	if err != nil {
		t.Fatal(err)
	}
	enqueue(t, a, "for a", 0)
	wantCounts(t, b, 0, 0)
	if again, err := db.Queue("a"); err != nil || again != a {
		t.Fatalf("opening a queue twice gave %p, %v; want %p", again, err, a)
	}
}

func TestOpenReportsAFileInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	openDB(t, path)
	if _, err := queue.Open(path); err == nil || !strings.Contains(err.Error(), "another process is using it") {
		t.Fatalf("second open gave %v", err)
	}
}

func TestFailedUpdateDoesNotAffectOthers(t *testing.T) {
	db, q := open(t, filepath.Join(t.TempDir(), "q.db"), "extract")
	spoiled := errors.New("spoiled")
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			err := db.Update(func(tx *bbolt.Tx) error {
				if _, err := q.EnqueueTx(tx, []byte(fmt.Sprint(i)), 0); err != nil {
					return err
				}
				switch i % 3 {
				case 1:
					return spoiled
				case 2:
					panic("boom")
				}
				return nil
			})
			switch {
			case i%3 == 0 && err != nil,
				i%3 == 1 && !errors.Is(err, spoiled),
				i%3 == 2 && (err == nil || !strings.Contains(err.Error(), "boom")):
				t.Errorf("update %d gave %v", i, err)
			}
		})
	}
	wg.Wait()
	wantCounts(t, q, 20, 0)
	for range 20 {
		var i int
		l := receive(t, q)
		if _, err := fmt.Sscan(string(l.Payload), &i); err != nil || i%3 != 0 {
			t.Errorf("an undone message came out: %q", l.Payload)
		}
	}
}

func TestAckWithMovesAMessageAtomically(t *testing.T) {
	db, q := open(t, filepath.Join(t.TempDir(), "q.db"), "extract")
	dead, err := db.Queue("dead")
	if err != nil {
		t.Fatal(err)
	}
	enqueue(t, q, "job", 0)
	l := receive(t, q)
	err = l.AckWith(func(tx *bbolt.Tx) error {
		_, err := dead.EnqueueTx(tx, l.Payload, 0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wantCounts(t, q, 0, 0)
	wantCounts(t, dead, 1, 0)
}

func TestEachMessageIsHandledOnce(t *testing.T) {
	_, q := open(t, filepath.Join(t.TempDir(), "q.db"), "extract")
	const n = 500
	var (
		mu   sync.Mutex
		seen = map[string]int{}
		left atomic.Int32
	)
	left.Store(n)
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	stopped := make(chan error, 1)
	go func() {
		stopped <- q.Consume(ctx, 8, func(l *queue.Lease) {
			mu.Lock()
			seen[string(l.Payload)]++
			mu.Unlock()
			if err := l.Ack(); err != nil {
				t.Error(err)
			}
			if left.Add(-1) == 0 {
				cancel()
			}
		})
	}()
	var producers sync.WaitGroup
	for p := range 10 {
		producers.Go(func() {
			for i := range n / 10 {
				if _, err := q.Enqueue(fmt.Appendf(nil, "%d/%d", p, i), time.Duration(i%3)*time.Millisecond); err != nil {
					t.Error(err)
				}
			}
		})
	}
	producers.Wait()
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if len(seen) != n {
		t.Errorf("%d of %d messages were handled", len(seen), n)
	}
	for payload, times := range seen {
		if times != 1 {
			t.Errorf("message %s was handled %d times", payload, times)
		}
	}
	wantCounts(t, q, 0, 0)
}

func TestConsumeReleasesUnsettledLeases(t *testing.T) {
	_, q := open(t, filepath.Join(t.TempDir(), "q.db"), "extract")
	enqueue(t, q, "job", 0)
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	if err := q.Consume(ctx, 1, func(*queue.Lease) { cancel() }); err != nil {
		t.Fatal(err)
	}
	wantCounts(t, q, 1, 0)
}

// TestKilledWriter is the child process of the test below.
func TestKilledWriter(t *testing.T) {
	path := os.Getenv("QUEUE_KILLED_WRITER")
	if path == "" {
		t.Skip("runs only as a child process")
	}
	_, q := open(t, path, "extract")
	var out sync.Mutex
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				payload := fmt.Sprintf("%d-%d", w, i)
				if _, err := q.Enqueue([]byte(payload), 0); err != nil {
					return
				}
				out.Lock()
				fmt.Println("stored", payload)
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

func TestKillLosesNoStoredMessage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	child := exec.Command(os.Args[0], "-test.run=^TestKilledWriter$")
	child.Env = append(os.Environ(), "QUEUE_KILLED_WRITER="+path)
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var stored []string
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if payload, ok := strings.CutPrefix(lines.Text(), "stored "); ok {
			stored = append(stored, payload)
		}
		if len(stored) == 300 {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait() // "signal: killed"
	if len(stored) < 300 {
		t.Fatalf("the child stored only %d messages", len(stored))
	}

	_, q := open(t, path, "extract")
	found := map[string]bool{}
	for q.Len() > 0 {
		found[string(receive(t, q).Payload)] = true
	}
	var lost []string
	for _, payload := range stored {
		if !found[payload] {
			lost = append(lost, payload)
		}
	}
	sort.Strings(lost)
	if len(lost) > 0 {
		t.Fatalf("%d acknowledged messages are lost: %v", len(lost), lost)
	}
}
