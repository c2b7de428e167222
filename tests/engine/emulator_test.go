package engine

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// startEmulator runs the emulator until the test ends and returns its URL.
func startEmulator(t *testing.T) string {
	t.Helper()
	python := filepath.Join(".venv", "bin", "python")
	if _, err := os.Stat(python); errors.Is(err, os.ErrNotExist) {
		t.Skip("the AWS emulator is not installed: run tests/engine/setup")
	}
	// Reading the files here makes a change of the emulator invalidate cached
	// test results.
	modules, err := filepath.Glob("emulator/*.py")
	if err != nil || len(modules) == 0 {
		t.Fatalf("the emulator has no modules: %v", err)
	}
	for _, module := range modules {
		if _, err := os.ReadFile(module); err != nil {
			t.Fatal(err)
		}
	}
	// Compiled code stays out of the folder of the emulator, which go test records.
	emulator := exec.Command(python, "-X", "pycache_prefix=.venv/pycache", "-m", "emulator")
	stdout, err := emulator.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "emulator.log"))
	if err != nil {
		t.Fatal(err)
	}
	emulator.Stderr = log
	if err := emulator.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		emulator.Process.Kill()
		emulator.Wait()
		if t.Failed() {
			showErrors(t, log.Name())
		}
		log.Close()
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		said, _ := os.ReadFile(log.Name())
		t.Fatalf("the emulator did not start: %v\n%s", err, said)
	}
	return "http://127.0.0.1:" + strings.TrimSpace(port)
}

// showErrors logs the requests that the emulator failed.
func showErrors(t *testing.T, path string) {
	data, _ := os.ReadFile(path)
	for line := range strings.Lines(string(data)) {
		if strings.Contains(line, "Error") || strings.Contains(line, "\" 50") || strings.Contains(line, "NotImplemented") {
			t.Log(strings.TrimSpace(line))
		}
	}
}
