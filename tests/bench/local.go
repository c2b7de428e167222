package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// local is a running gen3d local.
type local struct {
	url, s3URL string
	client     *s3.Client
	data       string
	command    *exec.Cmd
	ended      chan error
}

// startLocal runs the program with a data folder and waits for its line
// "ready".
func (b *bench) startLocal(ctx context.Context, name string, args ...string) (*local, error) {
	l := &local{data: filepath.Join(b.folder, name), ended: make(chan error, 1)}
	page := filepath.Join(b.folder, "page")
	if err := os.MkdirAll(page, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(page, "index.html"), []byte("<!doctype html><title>Gen3D</title>"), 0o600); err != nil {
		return nil, err
	}
	args = append([]string{"local", "--addr", "127.0.0.1:0", "--s3-addr", "127.0.0.1:0", "--data", l.data, "--page", page}, args...)
	l.command = exec.CommandContext(ctx, b.gen3d, args...)
	l.command.Cancel = func() error { return l.command.Process.Signal(syscall.SIGTERM) }
	l.command.WaitDelay = 20 * time.Second
	complaints := new(bytes.Buffer)
	l.command.Stderr = complaints
	output, err := l.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := l.command.Start(); err != nil {
		return nil, err
	}
	ready := make(chan struct{})
	go l.read(output, ready)
	select {
	case <-ready:
	case err := <-l.ended:
		return nil, fmt.Errorf("gen3d local ended before it was ready: %w\n%s", err, complaints)
	}
	l.client = s3Client(l.s3URL)
	return l, nil
}

// read parses the addresses in the program's output, and discards the rest.
func (l *local) read(output io.Reader, ready chan<- struct{}) {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) == 1 && fields[0] == "ready":
			close(ready)
		case len(fields) == 4 && fields[0] == "page":
			l.url = fields[3]
		case len(fields) > 1 && fields[0] == "S3" && l.s3URL == "":
			l.s3URL = fields[1]
		}
	}
	l.ended <- l.command.Wait()
}

// stop ends the program and removes its data.
func (l *local) stop() error {
	_ = l.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-l.ended:
	case <-time.After(20 * time.Second):
		_ = l.command.Process.Kill()
		<-l.ended
	}
	return os.RemoveAll(l.data)
}

// get sends a GET request to the page's address.
func (l *local) get(ctx context.Context, path, token string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url+path, nil)
	if err != nil {
		return err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(into)
}

// mails returns the number of mails: the newest one's number.
func (l *local) mails(ctx context.Context) (int, error) {
	var newest []struct{ ID string }
	if err := l.get(ctx, "/mailbox.json?limit=1", "", &newest); err != nil || len(newest) == 0 {
		return 0, err
	}
	return strconv.Atoi(newest[0].ID)
}

// awaitMails polls until there are want mails, and returns their number; it is
// less than want if ctx ends first.
func (l *local) awaitMails(ctx context.Context, want int) (int, error) {
	for {
		got, err := l.mails(ctx)
		if ctx.Err() != nil {
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			return l.mails(last)
		}
		if err != nil || got >= want {
			return got, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}
