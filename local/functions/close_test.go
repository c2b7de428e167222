package functions_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"gen3d/local/functions"
)

func TestCloseWaitsForRunningInvocations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue.db")
	db := openDB(t, path)
	begun, finish := make(chan string, 10), make(chan struct{})
	f := functions.Function{Name: "f", Concurrency: 1, Handler: handler(func(_ context.Context, p []byte) ([]byte, error) {
		begun <- string(p)
		<-finish
		return nil, nil
	})}
	r := newRunner(t, db, f)
	r.Start()
	invokeAsync(t, r, "f", "first")
	invokeAsync(t, r, "f", "second")
	receive(t, begun)
	closed := make(chan struct{})
	go func() {
		closeRunner(t, r)
		close(closed)
	}()
	select {
	case <-closed:
		t.Fatal("Close did not wait")
	case <-time.After(50 * time.Millisecond):
	}
	close(finish)
	receive(t, closed)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	r = newRunner(t, openDB(t, path), f)
	r.Start()
	if got := receive(t, begun); got != "second" {
		t.Errorf("after the restart came %s", got)
	}
	closeRunner(t, r)
}

func TestInvocationCanceledByCloseIsNotCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue.db")
	db := openDB(t, path)
	begun := make(chan struct{}, 1)
	slow := functions.Function{Name: "f", RetryDelays: []time.Duration{}, Handler: handler(func(ctx context.Context, _ []byte) ([]byte, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	})}
	r := newRunner(t, db, slow)
	r.Start()
	invokeAsync(t, r, "f", "{}")
	receive(t, begun)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close gave %v", err)
	}
	if d := deadLetters(t, r); len(d) != 0 {
		t.Errorf("dead letters: %+v", d)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{}, 1)
	r = newRunner(t, openDB(t, path), functions.Function{Name: "f", Handler: handler(func(context.Context, []byte) ([]byte, error) {
		done <- struct{}{}
		return nil, nil
	})})
	r.Start()
	receive(t, done)
	closeRunner(t, r)
}

func TestInvocationsOfAFailedTransactionDoNotRun(t *testing.T) {
	db := openDB(t, filepath.Join(t.TempDir(), "queue.db"))
	got := make(chan string, 10)
	r := newRunner(t, db, functions.Function{Name: "f", Handler: handler(func(_ context.Context, p []byte) ([]byte, error) {
		got <- string(p)
		return nil, nil
	})})
	r.Start()
	failed := errors.New("failed")
	err := db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(r.InvokeTx(tx, "f", []byte("undone")), failed)
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	invokeAsync(t, r, "f", "kept")
	if p := receive(t, got); p != "kept" {
		t.Errorf("%s ran", p)
	}
	closeRunner(t, r)
}

// TestKilledRunner is the child process of the test below: it kills itself in
// its third invocation.
func TestKilledRunner(t *testing.T) {
	path := os.Getenv("FUNCTIONS_KILLED")
	if path == "" {
		t.Skip("runs only as a child process")
	}
	r := newRunner(t, openDB(t, path), functions.Function{Name: "f", Concurrency: 1, Handler: handler(func(_ context.Context, p []byte) ([]byte, error) {
		if string(p) != "2" {
			return nil, nil
		}
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		if err != nil {
			t.Error(err)
		}
		select {}
	})})
	for i := range 5 {
		invokeAsync(t, r, "f", fmt.Sprint(i))
	}
	r.Start()
	select {}
}

func TestInvocationsOfAKilledProcessRunInTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue.db")
	child := exec.Command(os.Args[0], "-test.run=^TestKilledRunner$")
	child.Env = append(os.Environ(), "FUNCTIONS_KILLED="+path)
	if out, err := child.CombinedOutput(); err == nil {
		t.Fatalf("the child was not killed: %s", out)
	}
	got := make(chan string, 10)
	r := newRunner(t, openDB(t, path), functions.Function{Name: "f", Concurrency: 1, Handler: handler(func(_ context.Context, p []byte) ([]byte, error) {
		got <- string(p)
		return nil, nil
	})})
	r.Start()
	for _, want := range []string{"2", "3", "4"} {
		if p := receive(t, got); p != want {
			t.Errorf("%s ran, want %s", p, want)
		}
	}
	closeRunner(t, r)
}
