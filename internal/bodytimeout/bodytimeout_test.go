package bodytimeout_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"gen3d/internal/bodytimeout"
)

const timeout = 30 * time.Second

// listener returns one end of a pipe, whose deadlines use the test's clock.
type listener struct{ connections chan net.Conn }

func (l listener) Accept() (net.Conn, error) {
	conn, ok := <-l.connections
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (l listener) Close() error   { return nil }
func (l listener) Addr() net.Addr { return &net.TCPAddr{} }

// connect returns the client's end of a connection to a server of the handler.
func connect(t *testing.T, handler http.HandlerFunc) net.Conn {
	l := listener{make(chan net.Conn, 1)}
	server := &http.Server{Handler: bodytimeout.Handler(handler, timeout)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l)
	}()
	client, conn := net.Pipe()
	l.connections <- conn
	t.Cleanup(func() {
		_ = client.Close()
		close(l.connections)
		_ = server.Close()
		<-ended
	})
	return client
}

func TestSlowBodyEndsAtItsDeadline(t *testing.T) {
	for name, handler := range map[string]func(r *http.Request) error{
		"read":   func(r *http.Request) error { _, err := io.ReadAll(r.Body); return err },
		"unread": func(*http.Request) error { return os.ErrDeadlineExceeded },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				failed := make(chan error, 1)
				client := connect(t, func(_ http.ResponseWriter, r *http.Request) { failed <- handler(r) })
				began := time.Now()
				gone := make(chan struct{})
				go func() {
					defer close(gone)
					_, _ = io.Copy(io.Discard, client)
				}()
				dripped := make(chan struct{})
				go func() {
					defer close(dripped)
					_, err := fmt.Fprint(client, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n")
					for err == nil {
						time.Sleep(time.Second)
						_, err = client.Write([]byte("x"))
					}
				}()
				if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("the body ended with %v", err)
				}
				<-gone
				<-dripped
				if lasted := time.Since(began); lasted < timeout || lasted > timeout+2*time.Second {
					t.Errorf("the connection lasted %v", lasted)
				}
			})
		})
	}
}

func TestHandlerMayTakeLongerThanTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := connect(t, func(_ http.ResponseWriter, r *http.Request) {
			if _, err := io.ReadAll(r.Body); err != nil {
				t.Error(err)
			}
			time.Sleep(10 * timeout)
			if err := r.Context().Err(); err != nil {
				t.Error(err)
			}
		})
		answers := bufio.NewReader(client)
		for range 2 { // the first request's deadline must not affect the second
			if _, err := fmt.Fprint(client, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"); err != nil {
				t.Fatal(err)
			}
			response, err := http.ReadResponse(answers, nil)
			if err != nil || response.StatusCode != http.StatusOK {
				t.Fatalf("answer %v, %v", response, err)
			}
			_ = response.Body.Close()
			time.Sleep(10 * timeout)
		}
	})
}
