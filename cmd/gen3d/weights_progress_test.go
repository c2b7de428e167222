package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"gen3d/internal/weights/transfer"
	"gen3d/tests/support/hubtest"
)

func TestLinesShowRateAndTimeLeft(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	p := &lineProgress{w: &out, every: 30 * time.Second, now: func() time.Time { return now }}
	p.Start(1_000_000_000, 400_000_000)
	for range 10 {
		now = now.Add(10 * time.Second)
		p.Stored(20_000_000)
	}
	p.Stored(-100_000_000) // to be sent again
	now = now.Add(100 * time.Second)
	p.Stored(200_000_000)
	p.Finished(transfer.File{Path: "moge/model.pt", Size: 5_000_000})
	want := `60 MB of 600 MB, 2.0 MB/s, 4m30s left
120 MB of 600 MB, 2.0 MB/s, 4m0s left
180 MB of 600 MB, 2.0 MB/s, 3m30s left
400 MB of 700 MB, 2.0 MB/s, 2m30s left
verified moge/model.pt, 5.0 MB
`
	if out.String() != want {
		t.Errorf("the lines are\n%swant\n%s", out.String(), want)
	}
}

func TestTerminalShowsABarAndCtrlCKeepsTheParts(t *testing.T) {
	const size = 150_000_000
	h := newHub(t, hubtest.File{Path: "checkpoints/ss_generator.ckpt", Size: size, LFS: true})
	h.Rate = 5_000_000 // per connection
	command := exec.Command(build(t), onLocal("push", h)...)
	command.Env = append(os.Environ(), "HF_TOKEN="+secret, "TERM=xterm")
	terminal, err := pty.StartWithSize(command, &pty.Winsize{Rows: 24, Cols: 120})
	if err != nil {
		t.Skipf("no terminal is available: %v", err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill() // already ended after a successful test
		_ = terminal.Close()
	})
	shown := make(chan string, 1)
	go func() {
		all, err := io.ReadAll(terminal)
		if err != nil && !errors.Is(err, syscall.EIO) { // Linux's error for a closed peer
			t.Error(err)
		}
		shown <- string(all)
	}()
	names := []string{"ss_generator.ckpt"}
	until(t, "a third is stored", func() bool { return stored(t, names) >= size/3 })
	if _, err := terminal.Write([]byte{3}); err != nil { // Ctrl-C
		t.Fatal(err)
	}
	text := <-shown
	failed := new(exec.ExitError)
	if err := command.Wait(); !errors.As(err, &failed) || failed.ExitCode() != 1 {
		t.Errorf("the program ended with %v, want status 1", err)
	}
	// 50.3 MB / 150.0 MB 33 % [=====>-----] 12.3 MB/s left 8s
	if !regexp.MustCompile(`[0-9.]+ MB / 1[0-9.]+ MB\s+\d+ %\s*\[[=>-]+\]\s+[0-9.]+ [kM]B/s left [0-9hms]+`).MatchString(text) {
		t.Errorf("there is no bar in %q", text)
	}
	if !strings.Contains(text, "gen3d: interrupted: run the same command again") || strings.Contains(text, secret) {
		t.Errorf("the terminal shows %q", text)
	}
	settle(t, names)
	if now := stored(t, names); now < size/3 {
		t.Errorf("%d bytes are left of what was stored", now)
	}
	if status, stdout, stderr := gen3dWithToken(t, onLocal("plan", h)...); status != 0 || !regexp.MustCompile(`ss_generator\.ckpt +150 MB +partly, \d+ MB there`).MatchString(stdout) {
		t.Errorf("plan ends with %d, %s%s", status, stdout, stderr)
	}
}

func gen3dWithToken(t *testing.T, args ...string) (int, string, string) {
	t.Helper()
	t.Setenv("HF_TOKEN", secret)
	return gen3d(t, args...)
}
