package objectstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/valyala/fasthttp"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3api"
	"github.com/versity/versitygw/s3api/middlewares"
)

// gateway is versitygw's server of S3.
//
// versitygw opens its listener itself, and its server ends at the first error
// of that listener's accept, such as that no file descriptor is free. So that
// listener gets only a first request, whose handler makes the same server serve
// another listener, which tries again.
type gateway struct {
	api       *s3api.S3ApiServer
	backend   backend.Backend
	listener  net.Listener
	first     string        // the path of versitygw's own socket
	listening chan struct{} // closed when that one listens
	ended     chan error    // gets the error that ends the service of listener
	log       *slog.Logger
}

// newGateway listens on a Unix socket. first is the path of another one.
func newGateway(b backend.Backend, socket, first string, log *slog.Logger) (*gateway, error) {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("listening on the gateway's socket: %w", err)
	}
	g := &gateway{backend: b, listener: listener, first: first, listening: make(chan struct{}), ended: make(chan error, 1), log: log}
	root := auth.Account{Access: AccessKey, Secret: SecretKey, Role: auth.RoleAdmin}
	g.api, err = s3api.New(b, middlewares.RootUserConfig{Access: AccessKey, Secret: SecretKey}, Region, auth.NewIAMServiceSingle(root),
		nil, nil, nil, nil, // no access logs, events or metrics
		s3api.WithConcurrencyLimiter(maxConnections, maxRequests),
		s3api.WithMpMaxParts(maxParts),
		s3api.WithKeepAlive(),
		s3api.WithQuiet(),
		s3api.WithOnListen(func() { close(g.listening) }),
		s3api.WithMiddleware("/", guard(log, g.serve)),
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the gateway: %w", err), listener.Close())
	}
	return g, nil
}

// start returns when the gateway serves.
func (g *gateway) start(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		err := g.api.ServeMultiPort([]string{g.first})
		cancel(fmt.Errorf("the gateway ended before it served requests: %w", err)) // without effect after the first request
	}()
	select {
	case <-g.listening:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := g.firstRequest(ctx); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	return nil
}

// firstRequest lets the gateway's first handler configure the server before
// other requests are served, see guard, and removes the socket of this request.
// The response is not used.
func (g *gateway) firstRequest(ctx context.Context) error {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", g.first)
		},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://gateway/", nil)
	if err != nil {
		return err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("waiting for the gateway: %w", err)
	}
	return errors.Join(response.Body.Close(), os.Remove(g.first))
}

// serve begins to serve the listener.
func (g *gateway) serve(server *fasthttp.Server) {
	go func() { g.ended <- server.Serve(&retryingListener{g.listener, "gateway", g.log}) }()
}

// stop waits for current requests, at most ten seconds.
func (g *gateway) stop() {
	if err := g.api.ShutDown(); err != nil {
		g.log.Warn("S3 stops while it serves requests", "error", err)
	}
	_ = g.listener.Close() // closed already if it was served
	g.backend.Shutdown()
}
