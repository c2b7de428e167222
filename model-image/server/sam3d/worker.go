package sam3d

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// killDelay is how long the output of a killed worker is still read. Processes
// that it started may keep the output open.
const killDelay = 2 * time.Second

// worker is one process, worker or exporter.
type worker struct {
	cmd     *exec.Cmd
	sink    *os.File      // frames to the worker
	inbox   chan any      // messages from the worker; closed after the last
	killed  chan struct{} // closed by kill
	exited  chan struct{} // closed when the process has exited
	printed *printed
	log     *slog.Logger

	mu     sync.Mutex
	reason error // why it has exited or is being killed
}

// start starts the command with two pipes as its file descriptors 3 and 4. The
// name is that of the process in the log.
func start(cfg Config, command []string, name string) (*worker, error) {
	childSource, sink, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting the worker: %w", err)
	}
	source, childSink, err := os.Pipe()
	if err != nil {
		_, _ = childSource.Close(), sink.Close()
		return nil, fmt.Errorf("starting the worker: %w", err)
	}
	w := &worker{
		sink: sink, inbox: make(chan any, 16), killed: make(chan struct{}), exited: make(chan struct{}),
		printed: &printed{log: cfg.Log}, log: cfg.Log,
	}
	w.cmd = exec.Command(command[0], command[1:]...)
	w.cmd.Dir = cfg.Directory
	w.cmd.Env = append(os.Environ(), cfg.Environment...)
	w.cmd.ExtraFiles = []*os.File{childSource, childSink}
	w.cmd.Stdout, w.cmd.Stderr = w.printed, w.printed
	w.cmd.WaitDelay = killDelay
	// A separate process group: an interrupt from a terminal goes to the server
	// only, which drains, and processes that the worker has started are killed
	// with it.
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = w.cmd.Start()
	_, _ = childSource.Close(), childSink.Close()
	if err != nil {
		_, _ = source.Close(), sink.Close()
		return nil, fmt.Errorf("starting the %s with %s: %w", name, command[0], err)
	}
	cfg.Log.Info(name+" started", "pid", w.cmd.Process.Pid)
	go w.listen(source)
	return w, nil
}

// listen reads messages until the worker exits or sends an invalid one.
func (w *worker) listen(source *os.File) {
	var err error
	in := bufio.NewReader(source)
	for err == nil {
		var message any
		if message, err = receive(in); err == nil {
			if line, ok := message.(*logLine); ok {
				w.log.Log(context.Background(), level(line.Level), "worker: "+line.Message)
				continue
			}
			select {
			case w.inbox <- message:
			case <-w.killed: // the rest is not needed
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		w.kill(err)
	}
	_ = source.Close()
	// The pipe ends when the worker exits, unless the worker closes it.
	timer := time.AfterFunc(killDelay, func() { w.kill(errors.New("the worker closed its pipe and kept running")) })
	ended := w.cmd.Wait()
	timer.Stop()
	_ = syscall.Kill(-w.cmd.Process.Pid, syscall.SIGKILL) // processes that it has started
	_ = w.sink.Close()
	w.mu.Lock()
	if w.reason == nil {
		w.reason = errors.New("the worker " + w.exitReason(ended))
	}
	w.mu.Unlock()
	close(w.inbox)
	close(w.exited)
}

// exitReason describes how the process exited, and its last output.
func (w *worker) exitReason(exit error) string {
	text := "exited with status 0"
	if exit != nil {
		text = "ended with " + exit.Error()
	}
	if last := w.printed.last(); last != "" {
		text += "; last output: " + last
	}
	return text
}

// send writes a message. It does not block for long: a pipe buffers 64 KiB,
// many messages, and a worker that does not read is killed when its object
// times out.
func (w *worker) send(message any) error {
	frame, err := Frame(message)
	if err != nil {
		return err
	}
	if _, err := w.sink.Write(frame); err != nil {
		return fmt.Errorf("writing to the worker: %w", err)
	}
	return nil
}

// next returns the worker's next message. If the worker exits, the error is the
// reason. If ctx ends, next kills the worker and returns the cause.
func (w *worker) next(ctx context.Context) (any, error) {
	select {
	case message, ok := <-w.inbox:
		if !ok {
			return nil, w.why()
		}
		return message, nil
	case <-ctx.Done():
		cause := context.Cause(ctx)
		w.kill(fmt.Errorf("the worker was killed while processing an object: %w", cause))
		return nil, cause
	}
}

// await waits for the end of a run or an export and returns the message that
// ends it. begun reports whether the process has sent any message. A message for
// another object and a fatal failure kill the process.
func (w *worker) await(ctx context.Context, id string, progressed func(stage string)) (message any, begun bool, err error) {
	for {
		message, err := w.next(ctx)
		if err != nil {
			return nil, begun, err
		}
		begun = true
		var of string
		switch m := message.(type) {
		case *progress:
			if m.ID == id {
				progressed(m.Stage)
			}
			continue
		case *made:
			of = m.ID
		case *result:
			of = m.ID
		case *failure:
			if m.ID != nil {
				of = *m.ID
			}
			if m.Fatal {
				w.kill(errors.New(m.Message))
			}
		}
		if of == id {
			return message, true, nil
		}
		err = fmt.Errorf("%w: a %T for another run", errProtocol, message)
		w.kill(err)
		return nil, true, err
	}
}

// kill kills the worker and the processes that it has started. It does not
// wait.
func (w *worker) kill(reason error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reason != nil {
		return // it is being killed, or has exited and its process ID may be in use again
	}
	w.reason = reason
	_ = syscall.Kill(-w.cmd.Process.Pid, syscall.SIGKILL)
	close(w.killed)
}

// alive reports whether the worker can be used: it has not exited and is not
// being killed.
func (w *worker) alive() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reason == nil
}

func (w *worker) why() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reason
}

// shutdown asks the worker to exit, and kills it after the grace period.
func (w *worker) shutdown(grace time.Duration) {
	if w.send(shutdown{Type: "shutdown"}) == nil {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-w.exited:
			return
		case <-timer.C:
		}
	}
	w.kill(errors.New("the worker did not exit within the grace period"))
	<-w.exited
}

func level(name string) slog.Level {
	switch name {
	case "debug":
		return slog.LevelDebug
	case "warning":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}

// maxLine is the maximum length of a logged line of the worker's output in
// bytes; keptLines is how many lines are kept for the exit reason.
const (
	maxLine   = 500
	keptLines = 6
)

// printed logs the standard output and error of the worker and keeps their last
// lines.
type printed struct {
	log *slog.Logger

	mu      sync.Mutex
	partial []byte
	kept    []string
}

// Write logs complete lines.
func (p *printed) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range data {
		if c != '\n' && c != '\r' {
			if len(p.partial) < maxLine {
				p.partial = append(p.partial, c)
			}
			continue
		}
		p.flush()
	}
	return len(data), nil
}

func (p *printed) flush() {
	line := strings.TrimSpace(strings.ToValidUTF8(string(p.partial), "�"))
	p.partial = p.partial[:0]
	if line == "" {
		return
	}
	p.log.Debug("worker printed", "line", line)
	if p.kept = append(p.kept, line); len(p.kept) > keptLines {
		p.kept = p.kept[1:]
	}
}

func (p *printed) last() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flush()
	return strings.Join(p.kept, " | ")
}
