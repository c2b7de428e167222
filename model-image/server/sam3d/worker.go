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

// killDelay is how long a killed worker's output is still read: programs that it
// started may hold it open.
const killDelay = 2 * time.Second

// worker is one process.
type worker struct {
	cmd     *exec.Cmd
	sink    *os.File // frames to the worker
	inbox   chan any // messages from the worker; closed after the last
	gone    chan struct{}
	printed *printed
	log     *slog.Logger

	mu     sync.Mutex
	reason error // why it ended, or is being ended
}

// start runs the command with a pair of pipes as its descriptors 3 and 4.
func start(cfg Config) (*worker, error) {
	itsSource, sink, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting the worker: %w", err)
	}
	source, itsSink, err := os.Pipe()
	if err != nil {
		_, _ = itsSource.Close(), sink.Close()
		return nil, fmt.Errorf("starting the worker: %w", err)
	}
	w := &worker{
		sink: sink, inbox: make(chan any, 16), gone: make(chan struct{}),
		printed: &printed{log: cfg.Log}, log: cfg.Log,
	}
	w.cmd = exec.Command(cfg.Command[0], cfg.Command[1:]...)
	w.cmd.Dir = cfg.Directory
	w.cmd.Env = append(os.Environ(), cfg.Environment...)
	w.cmd.ExtraFiles = []*os.File{itsSource, itsSink}
	w.cmd.Stdout, w.cmd.Stderr = w.printed, w.printed
	w.cmd.WaitDelay = killDelay
	// A group of its own: a terminal's interrupt is for the server, which drains,
	// and what the worker has started is killed with it.
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = w.cmd.Start()
	_, _ = itsSource.Close(), itsSink.Close()
	if err != nil {
		_, _ = source.Close(), sink.Close()
		return nil, fmt.Errorf("starting the worker with %s: %w", cfg.Command[0], err)
	}
	cfg.Log.Info("worker started", "pid", w.cmd.Process.Pid)
	go w.listen(source)
	return w, nil
}

// listen reads messages until the worker ends or sends garbage.
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
			w.inbox <- message
		}
	}
	if !errors.Is(err, io.EOF) {
		w.kill(err)
	}
	_ = source.Close()
	// The pipe's end is the worker's: it closes it by ending.
	timer := time.AfterFunc(killDelay, func() { w.kill(errors.New("the worker closed its pipe and ran on")) })
	ended := w.cmd.Wait()
	timer.Stop()
	_ = syscall.Kill(-w.cmd.Process.Pid, syscall.SIGKILL) // what it had started and left
	_ = w.sink.Close()
	w.mu.Lock()
	if w.reason == nil {
		w.reason = errors.New("the worker ended" + w.epitaph(ended))
	}
	w.mu.Unlock()
	close(w.inbox)
	close(w.gone)
}

// epitaph says how the process ended and what it printed last.
func (w *worker) epitaph(ended error) string {
	text := " by itself"
	if ended != nil {
		text = " (" + ended.Error() + ")"
	}
	if last := w.printed.last(); last != "" {
		text += "; it printed last: " + last
	}
	return text
}

// send writes a message. A worker that does not read is killed by its caller's
// deadline; pipes hold 64 KiB, many times a message.
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

// next is the worker's next message. When the worker or ctx ends the error says
// why; a worker whose caller's time is over is killed.
func (w *worker) next(ctx context.Context) (any, error) {
	select {
	case message, ok := <-w.inbox:
		if !ok {
			return nil, w.why()
		}
		return message, nil
	case <-ctx.Done():
		cause := context.Cause(ctx)
		w.kill(fmt.Errorf("the worker was killed in the midst of an object: %w", cause))
		return nil, cause
	}
}

// kill ends the worker and all that it has started. It returns at once.
func (w *worker) kill(reason error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reason != nil {
		return // it has ended, and its number may be another process's, or it is about to
	}
	w.reason = reason
	_ = syscall.Kill(-w.cmd.Process.Pid, syscall.SIGKILL)
	go w.drop()
}

// drop takes what is left in the inbox, so that listen can end.
func (w *worker) drop() {
	for range w.inbox {
	}
}

// alive reports whether the worker can be used: it neither ended nor is about to.
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

// retire asks the worker to end, and kills it when it has not after patience.
func (w *worker) retire(patience time.Duration) {
	if w.send(shutdown{Type: "shutdown"}) == nil {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case <-w.gone:
			return
		case <-timer.C:
		}
	}
	w.kill(errors.New("the worker did not end when asked to"))
	<-w.gone
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

// maxLine bounds a line of the worker's output in the log, and keptLines how
// many are kept to tell how it ended.
const (
	maxLine   = 500
	keptLines = 6
)

// printed takes what the worker and its libraries print.
type printed struct {
	log *slog.Logger

	mu      sync.Mutex
	partial []byte
	kept    []string
}

// Write logs whole lines.
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
