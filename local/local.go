// Package local runs the whole of Gen3D on one machine, in one process: the
// page, the API, S3, the functions, the asynchronous endpoint with a model
// server, a user directory and a mailbox.
//
// The functions and the model server are the deployed code. They call the other
// parts with the AWS SDK over HTTP; only the endpoints differ:
//
//	page, API, sign-in, mailbox   Config.Addr     used by browsers
//	S3                            Config.S3Addr   used by browsers and the AWS CLI
//	SageMaker, SES, Cognito       a free port     used by the functions
//	model server                  a free port     used by the endpoint
//
// All pending work is on disk (see [gen3d/local/queue]), so the next process
// continues the work of one that was killed.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"

	"gen3d/internal/bodytimeout"
	"gen3d/internal/telemetry"
	"gen3d/local/queue"
)

// Config says where the service listens and where it keeps its data.
type Config struct {
	Addr   string // host:port of the page and the API; port 0 selects a free one
	S3Addr string // host:port of S3, likewise
	Data   string // folder
	Page   string // folder of the built page
	// Network is the folder of the network that finds masks in the browser, as
	// gen3d weights network writes it; empty means none.
	Network string
	Model   string // URL of a model server; empty starts one with the relief backend
	// ModelStart and ModelIdle play the scaling of the endpoint's instances:
	// how long one takes to start, and after how long without work it ends. If
	// both are 0, one always runs.
	ModelStart, ModelIdle time.Duration
	// MinFree is how many bytes must be free on the disk of Data for a new
	// photo to be accepted.
	MinFree int64
}

// Names that scripts rely on, in addition to those of the object store.
const (
	endpointName = "Gen3DSAMAsyncEndpoint-local"
	userPoolID   = "us-east-1_gen3dlocal"
	clientID     = "gen3d-local-page"
	accountID    = "000000000000"
	stackName    = "local"
	sender       = "noreply@genesis3d.com"
	admin        = "info@2112-lab.com"
)

// stopTimeout is how long the stop of the service waits for running work.
// Unfinished work runs again after the next start.
const stopTimeout = 10 * time.Second

// Run starts the service, prints its addresses and a line "ready" to out, then
// one line per log record, until ctx ends or a part fails.
func Run(ctx context.Context, cfg Config, out io.Writer) (err error) {
	if err := cfg.resolve(); err != nil {
		return err
	}
	db, err := queue.Open(filepath.Join(cfg.Data, "queue.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	logFile, err := os.OpenFile(filepath.Join(cfg.Data, "log.jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	defer func() { err = errors.Join(err, logFile.Close()) }()

	s := &service{
		config: cfg, db: db, out: out, records: logFile,
		log: slog.New(slog.NewMultiHandler(telemetry.NewLogger(logFile, slog.LevelInfo).Handler(), newTerminal(out))),
	}
	// A part that fails ends the others.
	var running context.Context
	s.parts, running = errgroup.WithContext(ctx)
	if err := errors.Join(s.start(running), running.Err()); err != nil {
		return errors.Join(err, s.stop())
	}
	s.announce()
	<-running.Done()
	return s.stop()
}

// resolve checks the configuration. Folders become absolute, because the object
// store changes the working directory.
func (c *Config) resolve() (err error) {
	for flag, addr := range map[string]string{"--addr": c.Addr, "--s3-addr": c.S3Addr} {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return fmt.Errorf("%s %q is not of the form host:port: %w", flag, addr, err)
		}
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			return fmt.Errorf("%s %q names no host; give the one that browsers will use, such as 127.0.0.1", flag, addr)
		}
	}
	if c.Data, err = filepath.Abs(c.Data); err != nil {
		return fmt.Errorf("finding the data folder: %w", err)
	}
	if c.Page, err = filepath.Abs(c.Page); err != nil {
		return fmt.Errorf("finding the page: %w", err)
	}
	if c.Network != "" {
		if c.Network, err = filepath.Abs(c.Network); err != nil {
			return fmt.Errorf("finding the network: %w", err)
		}
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("creating the data folder: %w", err)
	}
	return nil
}

// listen opens an address for one of the service's own servers.
func (s *service) listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w; choose another address", addr, err)
	}
	s.atStop(func(context.Context) error {
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil // already closed by its server
	})
	return listener, nil
}

// Timeouts of a client's requests, so that none occupies a connection forever.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 30 * time.Second
	// writeTimeout begins with the headers. It includes the time for the body,
	// the longest function and a response over a slow network.
	writeTimeout = 3 * time.Minute
	idleTimeout  = time.Minute
)

// serve serves the listener, with a limit of concurrent connections, until the
// service stops. Connections that are still busy after half of stopTimeout are
// closed.
func (s *service) serve(listener net.Listener, connections int, handler http.Handler) {
	turns := &turns{connections: int64(connections)}
	server := &http.Server{
		Handler:           bodytimeout.Handler(turns.handler(handler), bodyTimeout),
		ConnState:         turns.count,
		ReadHeaderTimeout: headerTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(s.part("http").Handler(), slog.LevelWarn),
	}
	s.parts.Go(func() error {
		if err := server.Serve(netutil.LimitListener(listener, connections)); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serving %s: %w", listener.Addr(), err)
		}
		return nil
	})
	s.atStop(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, stopTimeout/2) // the rest is for the functions
		defer cancel()
		if server.Shutdown(ctx) == nil {
			return nil
		}
		return server.Close()
	})
}

// announce prints the service's addresses.
func (s *service) announce() {
	fmt.Fprintf(s.out, `Gen3D on one machine, model: %s
  page and API   %s
  mails          %s/mailbox
  operations     %s/operations
  S3             %s  (bucket gen3d-local-data, access key gen3dlocal, secret gen3dlocalsecret)
  data           %s
%sready
`, s.modelName(), s.url, s.url, s.url, s.s3URL, s.config.Data, s.boundNote())
}
