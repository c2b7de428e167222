package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"gen3d/handlers/api/route"
	"gen3d/internal/bodytimeout"
	"gen3d/local/gateway"
)

// pipes is a listener whose connections are pipes, because their deadlines use
// the test's clock. It counts the bytes that the server reads.
type pipes struct {
	connections chan net.Conn
	read        atomic.Int64
}

func (p *pipes) Accept() (net.Conn, error) {
	conn, ok := <-p.connections
	if !ok {
		return nil, net.ErrClosed
	}
	return counted{conn, &p.read}, nil
}
func (p *pipes) Close() error   { return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

type counted struct {
	net.Conn
	read *atomic.Int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read.Add(int64(n))
	return n, err
}

func (p *pipes) connect(t *testing.T) net.Conn {
	client, server := net.Pipe()
	t.Cleanup(func() { _ = client.Close() })
	p.connections <- server
	return client
}

// piped starts a server of the API with a deadline for bodies, in a
// synctest bubble.
func piped(t *testing.T, timeout time.Duration) *pipes {
	api := &gateway.HTTPAPI{
		Function: function(func(ctx context.Context, payload []byte) ([]byte, error) {
			return echo(t, new(events.APIGatewayV2HTTPRequest))(ctx, payload)
		}),
		Verifier: verifier{}, Routes: route.Gateway, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
	p := &pipes{connections: make(chan net.Conn)}
	server := &http.Server{Handler: bodytimeout.Handler(api, timeout)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(p)
	}()
	t.Cleanup(func() {
		close(p.connections)
		<-ended
		if err := server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

// status sends the head of a request and then its body, and returns the status
// of the answer.
func status(client net.Conn, head string, body func(io.Writer) error) (int, error) {
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if _, err := fmt.Fprintf(client, "POST /api/jobs HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n%s\r\n", head); err == nil {
			_ = body(client) // fails when the server closes the connection
		}
	}()
	response, err := http.ReadResponse(bufio.NewReader(client), nil)
	_ = client.Close()
	<-sent
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

func TestManySlowBodiesEndAndDelayNoOtherRequest(t *testing.T) {
	const slow, timeout = 1500, 30 * time.Second
	synctest.Test(t, func(t *testing.T) {
		p := piped(t, timeout)
		began := time.Now()
		var all sync.WaitGroup
		for range slow {
			client := p.connect(t)
			all.Go(func() {
				got, err := status(client, "Authorization: Bearer good\r\nContent-Length: 1000\r\n", func(w io.Writer) (err error) {
					for err == nil {
						_, err = w.Write([]byte(" "))
						time.Sleep(5 * time.Second)
					}
					return err
				})
				if err != nil || got != http.StatusRequestTimeout {
					t.Errorf("a slow body: answer %d, %v", got, err)
				}
			})
		}
		time.Sleep(timeout / 2)
		for range 20 {
			before := time.Now()
			got, err := status(p.connect(t), "Authorization: Bearer good\r\nContent-Length: 2\r\n", func(w io.Writer) error {
				_, err := io.WriteString(w, "{}")
				return err
			})
			if err != nil || got != http.StatusCreated || time.Since(before) != 0 {
				t.Errorf("another request: answer %d after %v, %v", got, time.Since(before), err)
			}
		}
		all.Wait()
		if lasted := time.Since(began); lasted < timeout || lasted > timeout+10*time.Second {
			t.Errorf("the slow bodies lasted %v", lasted)
		}
	})
}

func TestOfLargeBodiesWithoutATokenOnlyTheBeginningIsRead(t *testing.T) {
	const clients = 60
	text := strings.Repeat("x", 10<<20)
	synctest.Test(t, func(t *testing.T) {
		p := piped(t, time.Minute)
		var all sync.WaitGroup
		for range clients {
			client := p.connect(t)
			all.Go(func() {
				got, err := status(client, fmt.Sprintf("Content-Length: %d\r\n", len(text)), func(w io.Writer) error {
					_, err := io.WriteString(w, text)
					return err
				})
				if err != nil || got != http.StatusUnauthorized {
					t.Errorf("answer %d, %v", got, err)
				}
			})
		}
		all.Wait()
		// The server reads 4 KiB at a time.
		if read := p.read.Load(); read > clients*16<<10 {
			t.Errorf("the server has read %d bytes of %d requests", read, clients)
		}
	})
}
