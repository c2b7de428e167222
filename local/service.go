package local

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"gen3d/handlers/api/route"
	"gen3d/internal/job"
	"gen3d/internal/weights/site"
	"gen3d/local/authorizer"
	"gen3d/local/directory"
	"gen3d/local/endpoint"
	"gen3d/local/functions"
	"gen3d/local/gateway"
	"gen3d/local/mailbox"
	"gen3d/local/objectstore"
	"gen3d/local/operations"
	"gen3d/local/queue"
	"gen3d/webapp"
)

// service is the running service with its parts.
type service struct {
	config  Config
	db      *queue.DB
	out     io.Writer
	records io.Writer // log records and metrics, as for CloudWatch Logs
	log     *slog.Logger
	parts   *errgroup.Group
	stops   []func(context.Context) error // in starting order

	url, s3URL, awsURL string
	connections        connections
	s3Calls, awsCalls  *http.Client
	runner             *functions.Runner
}

// atStop registers a function that stops a part. stop calls them in reverse
// order.
func (s *service) atStop(stop func(context.Context) error) { s.stops = append(s.stops, stop) }

// stop stops every started part and returns their errors, joined.
func (s *service) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var failed []error
	for i := len(s.stops) - 1; i >= 0; i-- {
		failed = append(failed, s.stops[i](ctx))
	}
	return errors.Join(append(failed, s.parts.Wait())...)
}

// work runs a part until the service stops.
func (s *service) work(run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	s.parts.Go(func() error {
		defer close(ended)
		return run(ctx)
	})
	s.atStop(func(context.Context) error {
		cancel()
		<-ended
		return nil
	})
}

// part returns the logger of a part of the service.
func (s *service) part(name string) *slog.Logger { return s.log.With(partKey, name) }

// start starts the parts in the order of their dependencies. If it fails, the
// caller must call stop.
func (s *service) start(ctx context.Context) error {
	if err := s.bound(); err != nil {
		return err
	}
	pages, err := s.listen(ctx, s.config.Addr)
	if err != nil {
		return err
	}
	s.url = "http://" + pages.Addr().String()
	private, err := s.listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.awsURL = "http://" + private.Addr().String()
	s.awsCalls = s.client(nil)

	handlers, err := s.openFunctions()
	if err != nil {
		return err
	}
	if err := s.startStore(ctx); err != nil {
		return err
	}
	people, err := s.openDirectory()
	if err != nil {
		return err
	}
	mails, err := s.openMailbox()
	if err != nil {
		return err
	}
	sagemaker, err := s.startEndpoint(ctx)
	if err != nil {
		return err
	}
	// Serves the SDK's calls, and the issuer's keys to the authorizer.
	s.serve(private, 2*s.connections.calls, awsAPIs(sagemaker, mails.API(), people))
	if err := handlers.fill(s); err != nil {
		return err
	}
	s.runner.Start()
	origin, err := s.origin(people, mails, sagemaker)
	if err != nil {
		return err
	}
	s.serve(pages, s.connections.page, gateway.OneHost(pages.Addr().String(), origin))
	return nil
}

// awsAPIs serves the stand-ins for three services at one address: their SDK
// clients use different paths, and those of Cognito and of SageMaker's control
// plane only "/", with different prefixes of X-Amz-Target.
func awsAPIs(sagemaker *endpoint.Endpoint, ses, cognito http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/endpoints/", sagemaker.Handler())
	mux.Handle("/v2/email/", ses)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("X-Amz-Target"), endpoint.TargetPrefix) {
			sagemaker.Control().ServeHTTP(w, r)
			return
		}
		cognito.ServeHTTP(w, r)
	})
	return mux
}

// startStore starts S3 and invokes the functions for created objects, by the
// notification rules of the data bucket in the cloud.
func (s *service) startStore(ctx context.Context) error {
	store, err := objectstore.Start(ctx, objectstore.Config{
		Dir: filepath.Join(s.config.Data, "s3"), Addr: s.config.S3Addr, Connections: s.connections.s3, PageOrigins: []string{s.url},
		DB: s.db, Rules: objectstore.DataRules(objectstore.DataBucket), Versioned: versioned, Deliver: s.runner.InvokeTx, Admit: s.disk().admit, Log: s.part("s3"),
	})
	if err != nil {
		return err
	}
	s.s3URL = "http://" + store.Addr()
	s.atStop(func(context.Context) error { return store.Close() })
	s.s3Calls = s.client(store.DialContext)
	s.parts.Go(func() error {
		<-store.Done()
		return store.Close()
	})
	return nil
}

// versioned reports whether an object has versions. A job uses the version of the
// photo that started it, and the versions of the masks at that time.
func versioned(bucket, key string) bool {
	return bucket == objectstore.DataBucket && job.Versioned(key)
}

func (s *service) disk() disk { return disk{folder: s.config.Data, minFree: s.config.MinFree} }

func (s *service) openDirectory() (*directory.Directory, error) {
	return directory.New(directory.Config{
		Issuer: s.issuer(), PoolID: userPoolID, Folder: filepath.Join(s.config.Data, "directory"), Log: s.part("sign-in"),
		Clients: []directory.Client{{
			ID: clientID, RedirectURIs: []string{s.url + "/callback"}, LogoutURIs: []string{s.url + "/"},
		}},
	})
}

func (s *service) issuer() string { return s.url + "/oidc" }

func (s *service) openMailbox() (*mailbox.Mailbox, error) {
	return mailbox.New(mailbox.Config{Database: s.db, Identities: []string{sender}, Log: s.part("mail")})
}

// origin returns the handler of everything that a browser uses at one address,
// as with CloudFront; only S3 has another address.
func (s *service) origin(people http.Handler, mails *mailbox.Mailbox, sagemaker *endpoint.Endpoint) (http.Handler, error) {
	headers, err := webapp.Headers(s.s3URL, s.issuer())
	if err != nil {
		return nil, err
	}
	page, err := gateway.NewPage(os.DirFS(s.config.Page), headers)
	if err != nil {
		return nil, err
	}
	verifier, err := authorizer.NewVerifier(authorizer.Config{Issuer: s.issuer(), Audience: []string{clientID}, Client: s.issuerClient()})
	if err != nil {
		return nil, err
	}
	config, err := gateway.Config(webapp.NewConfig(objectstore.Region, stackName, webapp.SignIn(s.issuer(), clientID, ""), limits, s.backend(), s.wake().Photo()))
	if err != nil {
		return nil, err
	}
	network, err := gateway.Network(s.config.Network, headers)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", page)
	mux.Handle("/"+site.Manifest, network)
	mux.Handle("/"+site.Folder, network)
	mux.Handle("/api/", &gateway.HTTPAPI{
		Function: spaceCheck{apiFunction{s.runner}, s.disk()}, Verifier: verifier,
		Routes: route.Gateway, Now: time.Now, Log: s.part("api"),
	})
	mux.Handle("/config.json", config)
	mux.Handle("/oidc/", people)
	for _, path := range []string{"/mailbox", "/mailbox.json", "/mailbox/"} {
		mux.Handle(path, mails.Pages())
	}
	status := (&operations.Pages{Functions: s.runner, Endpoint: sagemaker, Log: s.part("operations")}).Handler()
	for _, path := range []string{"/operations", "/operations.json", "/operations/"} {
		mux.Handle(path, status)
	}
	return mux, nil
}

// apiFunction invokes the API function synchronously, as API Gateway does.
type apiFunction struct{ runner *functions.Runner }

func (f apiFunction) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return f.runner.Invoke(ctx, apiName, payload)
}
