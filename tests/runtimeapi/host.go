// Package runtimeapi hosts a Lambda function's own binary as AWS does: it serves
// the Lambda Runtime API and starts the binary against it. Tests and benchmarks
// use it, so that what they measure and check is the program that is deployed.
//
// The protocol: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
package runtimeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

const prefix = "/2018-06-01/runtime/"

// Host is one running instance of a function: one binary, one invocation at a
// time.
type Host struct {
	server  *http.Server
	command *exec.Cmd
	next    chan invocation
	ready   chan struct{} // closed when the binary first asks for work
	exited  chan struct{} // closed when the binary has ended

	mu      sync.Mutex
	pending map[string]chan outcome
	once    sync.Once
	serial  int
	exitErr error
	initErr error // what the function told init/error
}

type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
}

type outcome struct {
	payload []byte
	failure *FunctionError
}

// FunctionError is what a function reports instead of a response.
type FunctionError struct {
	Message string `json:"errorMessage"`
	Type    string `json:"errorType"`
}

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

// Start runs the binary with the given environment (NAME=value) and logs to
// output. It does not wait until the function is ready.
func Start(ctx context.Context, binary string, env []string, output io.Writer) (*Host, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the Runtime API: %w", err)
	}
	h := &Host{
		next: make(chan invocation), ready: make(chan struct{}), exited: make(chan struct{}),
		pending: map[string]chan outcome{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix+"invocation/next", h.serveNext)
	mux.HandleFunc("POST "+prefix+"invocation/{id}/response", h.serveResponse)
	mux.HandleFunc("POST "+prefix+"invocation/{id}/error", h.serveError)
	mux.HandleFunc("POST "+prefix+"init/error", h.serveInitError)
	h.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = h.server.Serve(listener) }()

	h.command = exec.CommandContext(ctx, binary)
	h.command.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String(),
		"AWS_LAMBDA_FUNCTION_NAME=under-test",
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256",
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + os.TempDir(),
	}, env...)
	h.command.Stdout, h.command.Stderr = output, output
	if err := h.command.Start(); err != nil {
		_ = h.server.Close()
		return nil, fmt.Errorf("starting %s: %w", binary, err)
	}
	go func() {
		err := h.command.Wait()
		h.mu.Lock()
		h.exitErr = errors.Join(errors.New("the function's process ended"), err, h.initErr)
		h.mu.Unlock()
		close(h.exited)
	}()
	return h, nil
}

// Ready waits until the function has initialized and asks for its first event,
// or reports why it will not.
func (h *Host) Ready(ctx context.Context) error {
	select {
	case <-h.ready:
		return nil
	case <-h.exited:
		return h.ended()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Invoke hands the function one event with a deadline of timeout and returns
// its response. The error is a [*FunctionError] where the function reported one.
func (h *Host) Invoke(ctx context.Context, event any, timeout time.Duration) ([]byte, error) {
	payload, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("writing the event: %w", err)
	}
	result := make(chan outcome, 1)
	h.mu.Lock()
	h.serial++
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", h.serial)
	h.pending[id] = result
	h.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	select {
	case h.next <- invocation{id: id, payload: payload, deadline: time.Now().Add(timeout)}:
	case <-h.exited:
		return nil, h.ended()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case o := <-result:
		if o.failure != nil {
			return nil, o.failure
		}
		return o.payload, nil
	case <-h.exited:
		return nil, h.ended()
	case <-ctx.Done():
		return nil, fmt.Errorf("the function ran past its timeout of %s: %w", timeout, ctx.Err())
	}
}

// Kill ends the process at once, as a crash does.
func (h *Host) Kill() { _ = h.command.Process.Kill() }

// Close ends the process and waits for it.
func (h *Host) Close() {
	h.Kill()
	<-h.exited
	_ = h.server.Close()
}

func (h *Host) ended() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.exitErr
}

func (h *Host) serveNext(w http.ResponseWriter, r *http.Request) {
	h.once.Do(func() { close(h.ready) })
	select {
	case call := <-h.next:
		header := w.Header()
		header.Set("Content-Type", "application/json")
		header.Set("Lambda-Runtime-Aws-Request-Id", call.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(call.deadline.UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:under-test")
		header.Set("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0")
		_, _ = w.Write(call.payload)
	case <-r.Context().Done():
	}
}

func (h *Host) serveResponse(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the response broke off", http.StatusBadRequest)
		return
	}
	h.finish(w, r.PathValue("id"), outcome{payload: payload})
}

func (h *Host) serveError(w http.ResponseWriter, r *http.Request) {
	failure, err := readFailure(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.finish(w, r.PathValue("id"), outcome{failure: failure})
}

func (h *Host) serveInitError(w http.ResponseWriter, r *http.Request) {
	failure, err := readFailure(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	h.initErr = failure
	h.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
}

func (h *Host) finish(w http.ResponseWriter, id string, o outcome) {
	h.mu.Lock()
	result, ok := h.pending[id]
	delete(h.pending, id)
	h.mu.Unlock()
	if !ok {
		http.Error(w, "no such invocation: "+strings.ToValidUTF8(id, "?"), http.StatusBadRequest)
		return
	}
	result <- o
	w.WriteHeader(http.StatusAccepted)
}

func readFailure(body io.Reader) (*FunctionError, error) {
	failure := new(FunctionError)
	if err := json.NewDecoder(body).Decode(failure); err != nil {
		return nil, fmt.Errorf("reading the function's error: %w", err)
	}
	return failure, nil
}
