package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// outputDelay is how long a program that has ended may leave others behind that
// still write to its output.
const outputDelay = 10 * time.Second

// runProgram runs a program of the PATH in the current folder until it has
// ended, without input.
//
// The program is a process group of its own, so that Ctrl-C does not reach it
// from the terminal as well: for pulumi, a first interrupt means to finish what
// it has begun, and a second one to leave it in an unknown state. It gets one
// when ctx ends, and another for each further signal to this process.
// https://www.pulumi.com/docs/support/troubleshooting/
func runProgram(ctx context.Context, out io.Writer, name string, args ...string) error {
	path, err := exec.LookPath(name)
	if err != nil {
		return fmt.Errorf("%s is not on the PATH: install it and try again", name)
	}
	command := exec.Command(path, args...) // #nosec G204 -- arguments of this program
	command.Stdout, command.Stderr = out, out
	command.WaitDelay = outputDelay
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", name, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	interrupt := func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGINT) // it may have ended
	}
	over, received, sent := ctx.Done(), 0, 0
	for {
		select {
		case err := <-ended:
			var status *exec.ExitError
			if errors.As(err, &status) {
				return fmt.Errorf("%s %s ended with %s", name, args[0], status.ProcessState)
			}
			if err != nil {
				return fmt.Errorf("running %s: %w", name, err)
			}
			return nil
		case <-over: // also for a signal, which is received below as well
			over = nil
			if sent == 0 {
				_, _ = fmt.Fprintf(out, "Interrupted: waiting until %s has ended what it has begun; Ctrl-C again ends it at once.\n", name)
				interrupt()
				sent++
			}
		case <-signals:
			if received++; received > sent && ctx.Err() != nil {
				interrupt()
				sent++
			}
		}
	}
}
