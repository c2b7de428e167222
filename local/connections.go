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

// connections are how many may be open at once. More wait until one is closed;
// so the process never runs out of file descriptors, at which the S3 gateway
// would end.
type connections struct {
	page  int // to the page, the API, sign-in and the mailbox
	s3    int // to S3, of browsers and other programs
	calls int // of this process to S3, and to the other stand-ins
}

// allConnections are more than the browsers of a machine's users open.
var allConnections = connections{page: 2048, s3: objectstore.DefaultConnections, calls: 128}

// What a connection needs in file descriptors, the files that are open while
// its request is answered included: one to the page its own and the file's; one
// to S3 also those between relay and gateway; a call both ends.
const (
	filesPerPage = 2
	filesPerS3   = 6
	filesPerCall = 8 // 6 to S3, 2 to another stand-in
	// otherFiles are the listeners, the database, the logs, the endpoint's
	// connections to the model server, and room.
	otherFiles  = 128
	fewestFiles = 512
)

func (c connections) files() int {
	return otherFiles + filesPerPage*c.page + filesPerS3*c.s3 + filesPerCall*c.calls
}

// within lowers the numbers so that they need so many file descriptors at most.
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

// openFiles is how many files this process may open. Go has raised the limit as
// far as the process itself may.
func openFiles() (uint64, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("asking for the limit of open files: %w", err)
	}
	return limit.Cur, nil
}

// bound sets the service's connections to what the process may open.
func (s *service) bound() error {
	files, err := openFiles()
	if err != nil {
		return err
	}
	s.connections, err = allConnections.within(files)
	return err
}

// boundNote tells the person who started the service where its limit of open
// files is lower than it could use; otherwise it is empty.
func (s *service) boundNote() string {
	if s.connections == allConnections {
		return ""
	}
	return fmt.Sprintf("  connections    at most %d to the page and %d to S3 at once, %d and %d with ulimit -n %d\n",
		s.connections.page, s.connections.s3, allConnections.page, allConnections.s3, allConnections.files())
}

// client is one for calls to the service's own servers. Its idle connections are
// closed when its turn to stop comes: the servers, which stop later, would wait
// for one that was opened and never used.
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
		// As the SDK's own client: a redirect is the service's answer.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// issuerClient reads the issuer's documents past the page's address, where the
// requests that wait for them may hold every connection.
func (s *service) issuerClient() *http.Client {
	client := s.client(func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(s.awsURL, "http://"))
	})
	client.Timeout = issuerTimeout
	return client
}

// issuerTimeout is for a machine under load.
const issuerTimeout = 10 * time.Second

// turns lets clients take turns where there are more than connections: while
// nearly all are taken, each is closed after an answer.
type turns struct {
	connections int64
	open        atomic.Int64
}

// count is an [http.Server.ConnState].
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
