package objectstore

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// startRelay starts a relay in front of a server that replaces the gateway.
func startRelay(t *testing.T, connections int, pace pace, gateway *http.Server) *relay {
	t.Helper()
	r, err := newRelay("127.0.0.1:0", t.TempDir(), connections, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r.pace = pace
	listener, err := net.Listen("unix", r.socket)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = gateway.Serve(listener) }()
	go r.serve()
	t.Cleanup(func() {
		r.stop()
		_ = gateway.Close()
		if err := r.close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *relay) address() string { return r.listener.Addr().String() }

func connect(t *testing.T, address string) net.Conn {
	t.Helper()
	client, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if err := client.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return client
}

func length() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprint(w, n, err)
	})
}

func TestIdleConnectionIsClosed(t *testing.T) {
	r := startRelay(t, 4, pace{idle: 50 * time.Millisecond, answer: time.Hour, start: time.Hour, rate: 1 << 20}, &http.Server{Handler: length()})
	if answer, err := io.ReadAll(connect(t, r.address())); err != nil || len(answer) > 0 {
		t.Errorf("silent from the start: %q, %v", answer, err)
	}
	// Under load so short a time can end before the request or its answer has
	// passed.
	for begin := time.Now(); ; {
		client := connect(t, r.address())
		_, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		var answer []byte
		if err == nil {
			answer, err = io.ReadAll(client) // until the relay closes it
		}
		if err == nil && strings.HasPrefix(string(answer), "HTTP/1.1 200") {
			return
		}
		if time.Since(begin) > time.Minute {
			t.Fatalf("silent after an answer: %q, %v", answer, err)
		}
	}
}

func TestStopClosesConnectionsThatHaveSentNothing(t *testing.T) {
	var passed atomic.Int32
	r := startRelay(t, 4, defaultPace, &http.Server{Handler: length(), ConnState: func(net.Conn, http.ConnState) { passed.Add(1) }})
	client := connect(t, r.address())
	for waiting := 0; waiting == 0; time.Sleep(time.Millisecond) {
		r.mu.Lock()
		waiting = len(r.waiting)
		r.mu.Unlock()
	}
	r.stop()
	if answer, err := io.ReadAll(client); err != nil || len(answer) > 0 || passed.Load() > 0 {
		t.Errorf("the client got %q, %v; the gateway got %d connections", answer, err, passed.Load())
	}
}

// deadlines is a connection that records its read deadline.
type deadlines struct {
	net.Conn
	read time.Time
}

func (d *deadlines) SetDeadline(t time.Time) error     { d.read = t; return nil }
func (d *deadlines) SetReadDeadline(t time.Time) error { d.read = t; return nil }

func TestRequestSentBeforeTheAnswerIsCountedAsReceivedIsNotIdle(t *testing.T) {
	client := &deadlines{}
	e := &exchange{relay: &relay{pace: pace{idle: time.Hour, answer: 3 * time.Hour, start: time.Hour, rate: 1}}, client: client}
	left := func() time.Duration { return time.Until(client.read).Round(time.Hour) }
	e.answered()
	e.delivered()
	if left() != time.Hour {
		t.Errorf("after an answer the client may be silent for %s", left())
	}
	e.answered()
	if err := e.received(1); err != nil { // the client was faster than the relay
		t.Fatal(err)
	}
	e.delivered()
	if left() != 3*time.Hour || e.began.IsZero() {
		t.Errorf("the gateway may take %s for the next request, which began at %s", left(), e.began)
	}
}

func TestSlowRequestIsClosed(t *testing.T) {
	r := startRelay(t, 4, pace{idle: time.Hour, answer: time.Hour, start: 100 * time.Millisecond, rate: 1 << 20}, &http.Server{Handler: length()})
	client := connect(t, r.address())
	_, err := io.WriteString(client, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")
	for begin := time.Now(); err == nil; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > 30*time.Second {
			t.Fatal("the connection is still open")
		}
		_, err = client.Write([]byte("x"))
	}
}

func TestRequestAboveTheMinimumRateIsServed(t *testing.T) {
	// The rate is low enough for a machine under load.
	r := startRelay(t, 4, pace{idle: time.Hour, answer: time.Hour, start: 0, rate: 10}, &http.Server{Handler: length()})
	client := connect(t, r.address())
	answers := bufio.NewReader(client)
	for range 3 { // over one connection
		if _, err := io.WriteString(client, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 4000\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			time.Sleep(20 * time.Millisecond)
			if _, err := io.WriteString(client, strings.Repeat("x", 1000)); err != nil {
				t.Fatal(err)
			}
		}
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(response.Body); err != nil || string(body) != "4000 <nil>" {
			t.Errorf("the gateway got %q, %v", body, err)
		}
	}
}

func TestExcessConnectionsWait(t *testing.T) {
	const clients, allowed = 60, 3
	var busy, most atomic.Int64
	gateway := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		n := busy.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		time.Sleep(2 * time.Millisecond)
		busy.Add(-1)
	})}
	r := startRelay(t, allowed, defaultPace, gateway)
	var all sync.WaitGroup
	for range clients {
		client := connect(t, r.address())
		all.Go(func() {
			if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"); err != nil {
				t.Error(err)
			}
			if answer, err := io.ReadAll(client); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200") {
				t.Errorf("answer %q, %v", answer, err)
			}
		})
	}
	all.Wait()
	if most.Load() > allowed {
		t.Errorf("%d connections were served at once", most.Load())
	}
}
