package sam3d_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/model-image/server/sam3d"
	"gen3d/tests/support/transcript"
)

// timeout bounds every wait, generously for a machine under load.
const timeout = 5 * time.Minute

// serves fails the test unless the backend reconstructs an object.
func serves(t *testing.T, b *sam3d.Backend) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	if _, err := b.Reconstruct(ctx, object("cup")); err != nil {
		t.Fatalf("the next object fails: %v", err)
	}
}

func TestWorkerExitFailsOnlyItsObject(t *testing.T) {
	b := running(t)
	for label, want := range map[string]string{
		"killed": "ended with signal: killed; last output: about to be killed", "exits": "exited with status 0",
		"garbage": "invalid message", "huge": "invalid message", "other-run": "for another run",
		"broken": "device-side assert", "closes": "kept running",
	} {
		t.Run(label, func(t *testing.T) {
			if out, err := b.Reconstruct(t.Context(), object(label)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, %v; want an error with %q", out, err, want)
			}
			serves(t, b)
		})
	}
}

func TestObjectTimeoutKillsTheWorker(t *testing.T) {
	b := running(t)
	late := errors.New("the object's timeout has expired")
	began := make(chan struct{})
	ctx, cancel := context.WithCancelCause(t.Context())
	in := object("hangs")
	in.Stage = func(job.Stage) { close(began) }
	go func() { <-began; cancel(late) }()
	if _, err := b.Reconstruct(ctx, in); !errors.Is(err, late) {
		t.Errorf("the error is %v", err)
	}
	serves(t, b)
}

func TestWorkerKilledBetweenObjectsFailsNone(t *testing.T) {
	b, log, metrics := open(t, "plain")
	if err := b.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		serves(t, b)
		if err := syscall.Kill(pid(t, log), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		serves(t, b)
	}
	eventually(t, "five restarts in the metrics", func() bool { return metrics.times("WorkerRestarts") == 5 })
}

// pid returns the process ID of the last worker that became ready.
func pid(t *testing.T, log *transcript.Log) int {
	t.Helper()
	return newest(t, log, "worker ready")
}

// newest returns the process ID in the log's last line with the message.
func newest(t *testing.T, log *transcript.Log, message string) int {
	t.Helper()
	text := log.String()
	var n int
	if _, err := fmt.Sscanf(text[strings.LastIndex(text, message)+len(message):], "\" pid=%d", &n); err != nil {
		t.Fatalf("no %s in the log: %v\n%s", message, err, text)
	}
	return n
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("timed out waiting for %s", what)
}

func TestOnlyObjectsOfKilledWorkersFail(t *testing.T) {
	b := running(t)
	failed, made := 0, 0
	for i := range 200 {
		label := "cup"
		if i%10 == 3 {
			label = "killed"
		}
		out, err := b.Reconstruct(t.Context(), object(label))
		switch {
		case err == nil && out != nil && label == "cup":
			made++
		case err != nil && out == nil && label == "killed":
			failed++
		default:
			t.Errorf("object %d (%s): %v, %v", i, label, out, err)
		}
	}
	if failed != 20 || made != 180 {
		t.Errorf("%d failed and %d were made", failed, made)
	}
}

func TestFailedRestartIsRetriedWhileObjectsWait(t *testing.T) {
	flag := filepath.Join(t.TempDir(), "gpu")
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b, log, _ := open(t, "fails-until="+flag)
	if err := b.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.Healthy(); err != nil {
		t.Errorf("after the set-up: %v", err)
	}
	if err := os.Remove(flag); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid(t, log), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// No object is waiting for a worker.
	eventually(t, "three attempts", func() bool { return strings.Count(log.String(), "could not be set up") >= 3 })
	if err := b.Healthy(); err == nil || !strings.Contains(err.Error(), "No NVIDIA GPU is usable here") {
		t.Errorf("while no worker can be set up: %v", err)
	}
	late := errors.New("the object's timeout has expired")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, late)
	defer cancel()
	if _, err := b.Reconstruct(ctx, object("cup")); !errors.Is(err, late) || !strings.Contains(err.Error(), "No NVIDIA GPU is usable here") {
		t.Errorf("an object that times out while it waits: %v", err)
	}
	waits := make(chan error, 1)
	go func() { _, err := b.Reconstruct(t.Context(), object("cup")); waits <- err }()
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := <-waits; err != nil {
		t.Errorf("an object that waits: %v", err)
	}
	if err := b.Healthy(); err != nil {
		t.Error(err)
	}
}

func TestWorkerKilledWhileLoadingFailsNoObject(t *testing.T) {
	flag := filepath.Join(t.TempDir(), "loads")
	b, log, _ := open(t, "loads-while="+flag)
	if err := b.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	started := func() int { return strings.Count(log.String(), "worker started") }
	waits := make(chan error, 1)
	for kill := range 3 {
		if err := syscall.Kill(newest(t, log, "worker started"), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the next worker", func() bool { return started() == kill+2 })
		if kill == 0 {
			go func() { _, err := b.Reconstruct(t.Context(), object("cup")); waits <- err }()
		}
	}
	if err := os.Remove(flag); err != nil {
		t.Fatal(err)
	}
	if err := <-waits; err != nil {
		t.Error(err)
	}
}
