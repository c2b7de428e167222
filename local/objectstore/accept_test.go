package objectstore_test

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"gen3d/local/objectstore"
)

// lines receives the lines of a log.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	select {
	case l <- string(line):
	default: // the test has read what it waits for
	}
	return len(line), nil
}

// When the gateway accepts a connection, the process has no free file
// descriptor.
func TestGatewayWaitsForAFileDescriptor(t *testing.T) {
	log := make(lines, 1000)
	w := newWorld(t, func(cfg *objectstore.Config) { cfg.Log = slog.New(slog.NewJSONHandler(log, nil)) })
	for waited := false; !waited; {
		waited = waitsForAFile(t, w, log)
	}
	w.put("users/u/input/photo.jpg", "a photo")
}

// waitsForAFile sends a request for whose connection the gateway has no file
// descriptor, and frees one when the log says so. It returns false if another
// part of the process has freed one before.
func waitsForAFile(t *testing.T, w *world, log lines) bool {
	free := leaveFiles(t, 3) // for the client, and for both connections of the relay
	defer free()
	conn, err := net.Dial("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "GET /%s/absent HTTP/1.1\r\nHost: s3\r\n\r\n", objectstore.DataBucket); err != nil {
		t.Fatal(err)
	}
	type answer struct {
		status int
		err    error
	}
	answered := make(chan answer, 1)
	go func() {
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			answered <- answer{err: err}
			return
		}
		answered <- answer{status: response.StatusCode}
	}()
	for {
		select {
		case line := <-log:
			if !strings.Contains(line, `"by":"gateway"`) {
				continue
			}
			free()
			if a := <-answered; a.err != nil || a.status != http.StatusForbidden {
				t.Fatalf("the answer is %d, %v", a.status, a.err)
			}
			return true
		case a := <-answered:
			// There may have been a descriptor for the connection, but none for the
			// files that the request is checked with.
			if a.err != nil || a.status != http.StatusForbidden && a.status != http.StatusInternalServerError {
				t.Fatalf("the answer is %d, %v", a.status, a.err)
			}
			return false
		case <-w.store.Done():
			t.Fatal("the store has ended")
		}
	}
}

// leaveFiles lowers the limit of open files and opens files until only n more
// can be opened. The returned function restores the limit.
func leaveFiles(t *testing.T, n int) (free func()) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	var files []*os.File
	free = func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			t.Error(err)
		}
		for _, file := range files {
			_ = file.Close()
		}
		files = nil
	}
	t.Cleanup(free)
	for {
		file, err := os.Open(os.DevNull)
		if errors.Is(err, syscall.EMFILE) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if files = append(files, file); len(files) > 1 {
			continue
		}
		lower := limit
		lower.Cur = min(limit.Cur, uint64(file.Fd())+100) // so that a few files reach it
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lower); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range files[len(files)-n:] {
		_ = file.Close()
	}
	files = files[:len(files)-n]
	return free
}
