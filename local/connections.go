package local

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"gen3d/local/objectstore"
)

// connections are the limits of open connections. Further ones wait until one
// is closed, so that the process does not run out of file descriptors, for lack
// of which requests would fail.
type connections struct {
	page  int // to the page, the API, sign-in and the mailbox
	s3    int // from browsers and other programs to S3
	calls int // from this process to S3, and to the other stand-ins
}

// allConnections are the limits unless the limit of open files is lower.
var allConnections = connections{page: 2048, s3: objectstore.DefaultConnections, calls: 128}

// File descriptors per connection, including the files that are open during its
// request: a connection to the page needs its own and the file's; one to S3
// also those between relay and gateway; a call needs both ends.
const (
	filesPerPage = 2
	filesPerS3   = 6
	filesPerCall = 8 // 6 to S3, 2 to another stand-in
	// otherFiles are the listeners, the database, the logs, the endpoint's
	// connections to the model server, and a reserve.
	otherFiles  = 128
	fewestFiles = 512
)

func (c connections) files() int {
	return otherFiles + filesPerPage*c.page + filesPerS3*c.s3 + filesPerCall*c.calls
}

// within reduces the limits so that they need at most the given number of file
// descriptors.
func (c connections) within(files uint64) (connections, error) {
	if files >= uint64(c.files()) {
		return c, nil
	}
	if files < fewestFiles {
		return c, fmt.Errorf("this process may open %d files; raise its limit to at least %d, such as with ulimit -n %d", files, fewestFiles, c.files())
	}
	part := float64(files-otherFiles) / float64(c.files()-otherFiles)
	lower := func(n int) int { return int(part * float64(n)) }
	return connections{page: lower(c.page), s3: lower(c.s3), calls: lower(c.calls)}, nil
}

// openFiles returns the process's limit of open files. Go's runtime has raised
// the soft limit to the hard limit.
func openFiles() (uint64, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("reading the limit of open files: %w", err)
	}
	return limit.Cur, nil
}

// bound sets the service's connection limits by the limit of open files.
func (s *service) bound() error {
	files, err := openFiles()
	if err != nil {
		return err
	}
	s.connections, err = allConnections.within(files)
	return err
}

// boundNote returns a note for the terminal if the limit of open files reduces
// the connection limits; otherwise it is empty.
func (s *service) boundNote() string {
	if s.connections == allConnections {
		return ""
	}
	return fmt.Sprintf("  connections    at most %d to the page and %d to S3 at once, %d and %d with ulimit -n %d\n",
		s.connections.page, s.connections.s3, allConnections.page, allConnections.s3, allConnections.files())
}

// client returns a client for calls to the service's own servers. Its idle
// connections are closed at the stop: the servers, which stop later, would wait
// for a connection that was opened and never used.
func (s *service) client(dial func(ctx context.Context, network, address string) (net.Conn, error)) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.MaxConnsPerHost = s.connections.calls
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, s.connections.calls
	transport.IdleConnTimeout = idleTimeout / 2 // before the server closes it
	transport.ForceAttemptHTTP2 = false
	if dial != nil {
		transport.DialContext = dial
	}
	s.atStop(func(context.Context) error {
		transport.CloseIdleConnections()
		return nil
	})
	return &http.Client{
		Transport: transport,
		// As in the SDK's client, redirects are returned, not followed.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// issuerClient fetches the issuer's documents from the internal address: at the
// page's address, the requests that wait for them may occupy every connection.
func (s *service) issuerClient() *http.Client {
	client := s.client(func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(s.awsURL, "http://"))
	})
	client.Timeout = issuerTimeout
	return client
}

// issuerTimeout is long enough for a machine under load.
const issuerTimeout = 10 * time.Second

// turns shares the connections between more clients: while over 90% are open,
// each is closed after a response.
type turns struct {
	connections int64
	open        atomic.Int64
}

// count is an [http.Server] ConnState callback.
func (t *turns) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		t.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		t.open.Add(-1)
	}
}

func (t *turns) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if t.open.Load()*10 > t.connections*9 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
