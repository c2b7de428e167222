// Package runtimeapi runs a Lambda function's binary as AWS does: it serves the
// Lambda Runtime API and starts the binary with it. Tests and benchmarks use it
// to run the program that is deployed.
//
// The protocol: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
package runtimeapi

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const prefix = "/2018-06-01/runtime/"

// Host is a running instance of a function: one process, one invocation at a
// time. Further invocations wait.
type Host struct {
	server  *http.Server
	command *exec.Cmd
	next    chan invocation
	ready   chan struct{} // closed at the first request for an event
	exited  chan struct{} // closed when the process has ended

	mu      sync.Mutex
	started time.Time // just before the process was started
	pending map[string]chan outcome
	cold    time.Duration // from started to the first request for an event
	exitErr error
	initErr error // what the function posted to init/error
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

// err returns the failure as an error, or nil if there is none.
func (o outcome) err() error {
	if o.failure == nil {
		return nil
	}
	return o.failure
}

// FunctionError is the error that a function reports instead of a response.
type FunctionError struct {
	Message string `json:"errorMessage"`
	Type    string `json:"errorType"`
}

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

// Start runs the binary with the given environment (NAME=value) and its output.
// Of this process's environment it gets only PATH, so that no AWS setting of a
// developer's machine has an effect; env overrides Lambda's variables. Start
// does not wait until the function is ready; see [Host.Ready].
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
	h.command.Env = append(slices.Clone(variables), append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String(),
		"PATH=" + os.Getenv("PATH"),
	}, env...)...)
	h.command.Stdout, h.command.Stderr = output, output
	h.mu.Lock()
	h.started = time.Now()
	h.mu.Unlock()
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

// variables are those that Lambda sets for every function of provided.al2023:
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
var variables = []string{
	"_HANDLER=bootstrap",
	"AWS_EXECUTION_ENV=AWS_Lambda_provided.al2023",
	"AWS_LAMBDA_FUNCTION_NAME=" + functionName,
	"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
	"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256",
	"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
	"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + functionName,
	"AWS_LAMBDA_LOG_STREAM_NAME=2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef",
	"LAMBDA_TASK_ROOT=/var/task",
	"LAMBDA_RUNTIME_DIR=/var/runtime",
	"LANG=en_US.UTF-8",
	"TZ=:UTC",
	// A folder that does not exist: Lambda's user has no ~/.aws either.
	"HOME=/nonexistent",
}

const functionName = "under-test"

// Ready waits until the function has initialized and requests its first event.
// If the process ends before that, it returns the reason.
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

// ColdStart returns the time from the start of the process to its first request
// for an event; 0 before that.
func (h *Host) ColdStart() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cold
}

// NewRequestID returns the id of an invocation: a random UUID, as in Lambda.
func NewRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Invoke sends the function an event, encoded as JSON, with a new request id;
// see [Host.InvokeAs].
func (h *Host) Invoke(ctx context.Context, event any, timeout time.Duration) ([]byte, error) {
	return h.InvokeAs(ctx, NewRequestID(), event, timeout)
}

// InvokeAs sends the function an event with the given request id, which in
// Lambda is the same for all attempts of an event. It returns the response. The
// error is a [*FunctionError] if the function reported one. A function that
// exceeds the timeout is killed, as in Lambda; it is an error if the process
// ends.
func (h *Host) InvokeAs(ctx context.Context, requestID string, event any, timeout time.Duration) ([]byte, error) {
	payload, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("writing the event: %w", err)
	}
	result := make(chan outcome, 1)
	h.mu.Lock()
	if h.pending[requestID] != nil {
		h.mu.Unlock()
		return nil, fmt.Errorf("request %s is in progress", requestID)
	}
	h.pending[requestID] = result
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.pending, requestID)
	}()

	select {
	case h.next <- invocation{id: requestID, payload: payload, deadline: time.Now().Add(timeout)}:
	case <-h.exited:
		return nil, h.ended()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	// The timeout starts here: it does not include the initialization.
	over := time.NewTimer(timeout)
	defer over.Stop()
	select {
	case o := <-result:
		return o.payload, o.err()
	case <-h.exited:
		select {
		case o := <-result: // it responded and ended, as after a panic
			return o.payload, o.err()
		default:
			return nil, h.ended()
		}
	case <-over.C:
		h.Kill()
		<-h.exited
		return nil, fmt.Errorf("the function ran past its timeout of %s and was killed", timeout)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// PID returns the ID of the program's process.
func (h *Host) PID() int { return h.command.Process.Pid }

// Kill kills the process.
func (h *Host) Kill() { _ = h.command.Process.Kill() }

// Close kills the process and waits for it.
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
	h.mu.Lock()
	if h.cold == 0 {
		h.cold = time.Since(h.started)
		close(h.ready)
	}
	h.mu.Unlock()
	select {
	case call := <-h.next:
		header := w.Header()
		header.Set("Content-Type", "application/json")
		header.Set("Lambda-Runtime-Aws-Request-Id", call.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(call.deadline.UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:"+functionName)
		header.Set("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0")
		_, _ = w.Write(call.payload)
	case <-r.Context().Done():
	}
}

func (h *Host) serveResponse(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the response was incomplete", http.StatusBadRequest)
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
