package sam3d_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/model-image/server"
	"gen3d/model-image/server/sam3d"
)

// ended is the end of an object.
type ended struct {
	label string
	out   *server.Output
	err   error
}

// begin sends an object and returns when the backend can take the next one, or
// when the object has ended, which ends reports in any case.
func begin(t *testing.T, b *sam3d.Backend, label string, ends chan<- ended) {
	t.Helper()
	next := make(chan struct{})
	in := object(label)
	in.Next = sync.OnceFunc(func() { close(next) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		out, err := b.Reconstruct(ctx, in)
		ends <- ended{label, out, err}
	}()
	select {
	case <-next:
	case <-done:
	}
}

// release creates the file that an object is held for.
func release(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func TestNextObjectIsMadeWhileOneIsExported(t *testing.T) {
	b := running(t)
	ends := make(chan ended, 3)
	first, second := filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "second")
	begin(t, b, "export-held="+first, ends)
	begin(t, b, "export-held="+second, ends) // returns when it is made, while the first is exported
	select {
	case e := <-ends:
		t.Fatalf("%s has ended: %v", e.label, e.err)
	default:
	}
	for _, name := range []string{first, second} {
		release(t, name)
		if e := <-ends; e.err != nil || e.label != "export-held="+name {
			t.Errorf("%s ended with %v, want export-held=%s", e.label, e.err, name)
		}
	}
}

func TestObjectsAreExportedInTheOrderInWhichTheyWereMade(t *testing.T) {
	b := running(t)
	ends := make(chan ended, 2)
	first := object("cup")
	first.Next = func() { // the server goes on to the next object before the exporter has this one
		begin(t, b, "second", ends)
		select {
		case e := <-ends:
			t.Errorf("the second object has been exported before the first one: %v", e.err)
			ends <- e
		case <-time.After(200 * time.Millisecond): // long enough to show the defect on a fast machine
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	if _, err := b.Reconstruct(ctx, first); err != nil {
		t.Error(err)
	}
	if e := <-ends; e.err != nil {
		t.Error(e.err)
	}
}

func TestWorkerWaitsWhileTheExporterHasNoPlace(t *testing.T) {
	b := running(t)
	ends := make(chan ended, 3)
	first := filepath.Join(t.TempDir(), "first")
	begin(t, b, "export-held="+first, ends)
	begin(t, b, "cup", ends)
	third := make(chan struct{})
	go func() {
		begin(t, b, "third", ends)
		close(third)
	}()
	eventually(t, "the exporter's first object", func() bool { return exists(first + ".begun") })
	select {
	case <-third:
		t.Error("a third object found a place")
	case e := <-ends:
		t.Errorf("%s has ended: %v", e.label, e.err)
	default:
	}
	release(t, first)
	<-third
	for range 3 {
		if e := <-ends; e.err != nil {
			t.Errorf("%s: %v", e.label, e.err)
		}
	}
}

func TestWithoutExportPlacesTheWorkerWaitsForTheFiles(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b := sam3d.New(sam3d.Config{
		Command: []string{program}, Exporter: []string{program}, Environment: []string{scriptVariable + "=plain"},
		Scratch: t.TempDir(), SetupTimeout: timeout, Log: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(b.Close)
	if err := b.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	in := object("cup")
	in.Next = func() { t.Error("the next object may come before the files are written") }
	if _, err := b.Reconstruct(t.Context(), in); err != nil {
		t.Error(err)
	}
}

func TestExporterExitFailsOnlyItsObject(t *testing.T) {
	b, log, metrics := open(t, "plain")
	if err := b.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]string{
		"export-killed": "ended with signal: killed", "export-garbage": "invalid message", "export-other-run": "for another run",
		"export-killed-early": "ended with signal: killed", "export-fatal": "it cannot go on",
	} {
		t.Run(label, func(t *testing.T) {
			out, err := b.Reconstruct(t.Context(), object(label))
			if !errors.Is(err, server.ErrExport) || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, %v; want an error of the export with %q", out, err, want)
			}
			serves(t, b)
		})
	}
	if n := strings.Count(log.String(), "worker ready"); n != 1 {
		t.Errorf("%d workers have loaded the model; the exporter's exits concern no worker", n)
	}
	// An exporter that exits before it begins is replaced once for the object.
	if n := metrics.times("ExporterRestarts"); n != 6 {
		t.Errorf("%d restarts in the metrics", n)
	}
}

func TestExporterFailuresLeaveItRunning(t *testing.T) {
	b, log, _ := open(t, "plain")
	if err := b.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Reconstruct(t.Context(), object("export-fails")); !errors.Is(err, server.ErrExport) {
		t.Errorf("an error in the export: %v", err)
	}
	if _, err := b.Reconstruct(t.Context(), object("export-memory")); !errors.Is(err, server.ErrOutOfMemory) {
		t.Errorf("out of memory: %v", err)
	}
	if _, err := b.Reconstruct(t.Context(), object("export-empty")); err == nil || errors.Is(err, server.ErrExport) {
		t.Errorf("a mesh of the model without triangles: %v", err)
	}
	serves(t, b)
	if n := strings.Count(log.String(), "exporter started"); n != 1 {
		t.Errorf("%d exporters were started", n)
	}
}

func TestExporterKilledBetweenObjectsFailsNone(t *testing.T) {
	b, log, _ := open(t, "plain")
	if err := b.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		serves(t, b)
		if err := syscall.Kill(newest(t, log, "exporter started"), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		serves(t, b)
	}
}

func TestWorkerExitLeavesTheExportedObject(t *testing.T) {
	b := running(t)
	ends := make(chan ended, 2)
	first := filepath.Join(t.TempDir(), "first")
	begin(t, b, "export-held="+first, ends)
	begin(t, b, "killed", ends)
	if e := <-ends; e.label != "killed" || e.err == nil || errors.Is(e.err, server.ErrExport) {
		t.Errorf("%s ended with %v", e.label, e.err)
	}
	release(t, first)
	if e := <-ends; e.err != nil || len(e.out.Files) != 4 { // GLB, splat, preview and mask
		t.Errorf("the object that was exported meanwhile: %v", e.err)
	}
	serves(t, b)
}

func TestExporterExitLeavesTheObjectInTheWorker(t *testing.T) {
	b, log, _ := open(t, "plain")
	if err := b.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	ends := make(chan ended, 2)
	folder := t.TempDir()
	first, second := filepath.Join(folder, "first"), filepath.Join(folder, "second")
	begin(t, b, "export-held="+first, ends)
	eventually(t, "the export", func() bool { return exists(first + ".begun") })
	go begin(t, b, "held="+second, ends)
	if err := syscall.Kill(newest(t, log, "exporter started"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if e := <-ends; e.label != "export-held="+first || !errors.Is(e.err, server.ErrExport) {
		t.Errorf("%s ended with %v", e.label, e.err)
	}
	release(t, second)
	if e := <-ends; e.err != nil {
		t.Errorf("%s: %v", e.label, e.err)
	}
}

func TestTimeoutInTheExportKillsOnlyTheExporter(t *testing.T) {
	b, log, _ := open(t, "plain")
	if err := b.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	late := errors.New("the object's timeout has expired")
	ctx, cancel := context.WithCancelCause(t.Context())
	in := object("export-hangs")
	in.Stage = func(s job.Stage) {
		if s == job.StageExport {
			cancel(late)
		}
	}
	if _, err := b.Reconstruct(ctx, in); !errors.Is(err, late) || errors.Is(err, server.ErrExport) {
		t.Errorf("the error is %v", err)
	}
	held := filepath.Join(t.TempDir(), "held")
	ends := make(chan ended, 2)
	begin(t, b, "export-held="+held, ends)
	eventually(t, "the export", func() bool { return exists(held + ".begun") })
	ctx, cancel = context.WithCancelCause(t.Context())
	waits := object("cup")
	waits.Next = func() { cancel(late) }
	if _, err := b.Reconstruct(ctx, waits); !errors.Is(err, late) {
		t.Errorf("an object that waits for the exporter: %v", err)
	}
	release(t, held)
	if e := <-ends; e.err != nil {
		t.Errorf("the exported object, while another one that waited was canceled: %v", e.err)
	}
	if n := strings.Count(log.String(), "worker ready"); n != 1 {
		t.Errorf("%d workers have loaded the model", n)
	}
}

func TestCloseEndsAnExport(t *testing.T) {
	b, log, _ := open(t, "plain")
	if err := b.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	ends := make(chan ended, 1)
	begin(t, b, "export-hangs", ends)
	eventually(t, "the exporter", func() bool { return strings.Contains(log.String(), "exporter started") })
	b.Close()
	if e := <-ends; e.err == nil {
		t.Error("the object has not failed")
	}
	if err := syscall.Kill(newest(t, log, "exporter started"), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the exporter still runs: %v", err)
	}
}
