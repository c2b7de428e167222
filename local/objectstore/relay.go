package objectstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/netutil"
)

// relay forwards connections to the gateway, which listens on a Unix socket,
// after their first byte has arrived.
//
// The gateway's server treats a connection that has sent nothing as busy, and
// browsers and Go's HTTP client open such spare connections: without the relay,
// each of them would delay every stop by ten seconds. The relay also binds the
// address before anything else starts, so that an address in use is reported at
// once and port 0 can be requested.
type relay struct {
	listener net.Listener
	socket   string // on which the gateway serves
	first    string // on which the gateway gets its first request; see gateway.firstRequest
	dir      string // temporary folder of the sockets, to be removed with them; empty if they are in the store's folder
	pace     pace
	log      *slog.Logger

	mu      sync.Mutex
	waiting map[net.Conn]struct{} // connections that have sent nothing yet
	open    map[net.Conn]struct{} // forwarded connections
	closed  bool
	active  sync.WaitGroup
}

// maxSocketPath is a length of a socket's path that every Unix system allows
// (macOS: 104 with the final zero).
const maxSocketPath = 100

// The names of the gateway's sockets, of the same length.
const (
	socketName = "s3.sock"
	firstName  = "s3.init"
)

// newRelay binds addr for a number of connections and chooses the paths of the
// gateway's sockets: in dir, or in a temporary folder if dir's path is too long.
func newRelay(addr, dir string, connections int, log *slog.Logger) (*relay, error) {
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the S3 address %s is in use; stop the program that uses it or choose another address", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("listening on the S3 address: %w", err)
	}
	r := &relay{
		listener: netutil.LimitListener(&retryingListener{listener, "relay", log}, connections),
		pace:     defaultPace,
		log:      log,
		waiting:  map[net.Conn]struct{}{},
		open:     map[net.Conn]struct{}{},
	}
	if len(filepath.Join(dir, socketName)) > maxSocketPath {
		if r.dir, err = os.MkdirTemp("", "gen3d-s3-"); err != nil {
			return nil, errors.Join(fmt.Errorf("making a folder for the gateway's sockets: %w", err), listener.Close())
		}
		dir = r.dir
	}
	r.socket, r.first = filepath.Join(dir, socketName), filepath.Join(dir, firstName)
	// A killed process leaves its socket.
	if err := os.Remove(r.socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("removing the socket of the last run: %w", err), listener.Close())
	}
	return r, nil
}

// serve accepts connections until stop or close.
func (r *relay) serve() {
	for {
		conn, err := r.listener.Accept()
		if err != nil || !r.track(conn) { // an error means that the listener is closed
			return
		}
		go func() {
			defer r.active.Done()
			defer r.forget(conn)
			r.pass(conn)
		}()
	}
}

func (r *relay) track(conn net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		_ = conn.Close() // it has sent nothing yet
		return false
	}
	r.waiting[conn] = struct{}{}
	r.active.Add(1)
	return true
}

// begun records that the first byte has arrived. It returns false if the relay
// has stopped.
func (r *relay) begun(conn net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, conn)
	r.open[conn] = struct{}{}
	return !r.closed
}

func (r *relay) forget(conn net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, conn)
	delete(r.open, conn)
	_ = conn.Close() // both directions are complete
}

// pass copies both directions until the gateway closes the connection. Errors
// end a direction and are not logged: both peers see the connection close.
func (r *relay) pass(client net.Conn) {
	_ = client.SetReadDeadline(time.Now().Add(r.pace.idle)) // only a closed connection refuses it
	buffer := make([]byte, 32<<10)
	n, err := client.Read(buffer)
	if err != nil || !r.begun(client) {
		return
	}
	gateway, err := r.dial(context.Background())
	if err != nil {
		r.log.Error("passing an S3 connection on", "error", err)
		return
	}
	defer func() { _ = gateway.Close() }()
	e := &exchange{relay: r, client: client, gateway: gateway}
	go func() {
		err := e.requests(buffer, n)
		if errors.Is(err, errTooSlow) {
			r.log.Warn("an S3 connection is closed", "error", err)
		}
		if err == nil {
			err = gateway.(*net.UnixConn).CloseWrite()
		}
		if err != nil {
			_ = gateway.Close() // the client has closed the connection: the current request must fail, not wait
		}
	}()
	e.answers()
}

// dialTime is how long a connection waits for a file descriptor, or for a place
// in the gateway's queue.
const dialTime = 10 * time.Second

// dial connects to the gateway.
func (r *relay) dial(ctx context.Context) (net.Conn, error) {
	for end := time.Now().Add(dialTime); ; {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", r.socket)
		full := errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.EAGAIN)
		if !full || time.Now().After(end) {
			return conn, err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// DialContext connects to the store directly, for the other parts of this
// process: they need a third of the file descriptors that way, and do not wait
// while other clients use all connections. Their client's idle connections must
// be closed before the store is.
func (s *Store) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	return s.relay.dial(ctx)
}

// stop accepts no more connections and closes those that have sent nothing.
// Forwarded connections continue.
func (r *relay) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	_ = r.listener.Close()
	for conn := range r.waiting {
		_ = conn.Close()
	}
}

// close waits, for at most a second, until the gateway's answers have been
// sent, and removes the socket.
func (r *relay) close() error {
	r.stop()
	r.mu.Lock()
	for conn := range r.open {
		_ = conn.SetDeadline(time.Now().Add(time.Second))
	}
	r.mu.Unlock()
	r.active.Wait()
	if err := os.Remove(r.socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if r.dir == "" {
		return nil
	}
	return os.Remove(r.dir)
}
