// Package endpoint stands in for one SageMaker asynchronous endpoint on a
// single machine: the InvokeEndpointAsync call of the SageMaker Runtime API,
// the queue, and the results of a finished request: an object in S3 and an SNS
// message.
//
//	client ── InvokeEndpointAsync ──▶ [Endpoint.Handler] ──▶ durable queue
//	queue ──▶ workers of [Endpoint.Run] ── POST /invocations ──▶ model container
//	            │
//	            ├─ response  ▶ {OutputPath}/{uuid}.out        ─▶ success topic
//	            └─ failure   ▶ {FailurePath}/{uuid}-error.out ─▶ error topic
//
// A request is on disk before the call returns, and leaves the queue only after
// the subscriber has accepted its message, so that it survives SIGKILL and is
// delivered at least once. Sources of the behavior:
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointAsync.html
// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html
//
// AWS does not document how often it delivers a request to a container that
// exits. Here a request whose connection was refused or dropped is delivered up
// to Attempts times in total; a request with a response, even a server error,
// is not delivered again.
//
// The API does not verify signatures: it is for a loopback address.
package endpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/local/queue"
)

// Config has the endpoint's names, and the limits for its container.
type Config struct {
	Name    string // of the endpoint
	Account string // twelve digits
	Region  string

	// ModelURL is the container's address, such as http://127.0.0.1:8081;
	// /ping and /invocations are under it.
	ModelURL string
	// OutputPath and FailurePath are S3 URIs of folders, such as
	// s3://gen3d-local-model/async/output.
	OutputPath, FailurePath string
	// SuccessTopic and ErrorTopic are ARNs. No message is sent to an empty one.
	SuccessTopic, ErrorTopic string

	// Concurrency is MaxConcurrentInvocationsPerInstance: the maximum of
	// concurrent requests to the container. 0 means [DefaultConcurrency].
	Concurrency int
	// Attempts is how often a request is delivered to a container that does not
	// respond. 0 means 3.
	Attempts int
	// PingInterval is the interval between pings of a container that is not
	// ready, and the delay before another delivery. 0 means 500 ms.
	PingInterval time.Duration

	// Start is how long the start of an instance takes, and Idle how long one
	// runs without work. If both are 0, an instance always runs. Otherwise
	// there is none at first.
	Start, Idle time.Duration
}

// DefaultConcurrency is one request whose mesh is computed, and the next ones,
// whose photos are fetched meanwhile.
const DefaultConcurrency = 4

// S3 has the operations that the endpoint calls; implemented by *s3.Client.
type S3 interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

// Subscriber receives the event that Lambda gets from SNS for a message to a
// topic. It stores the event durably before it returns; after an error it is
// called again with the same outcome.
type Subscriber func(ctx context.Context, topicARN string, event []byte) error

// Dependencies of an endpoint.
type Dependencies struct {
	DB      *queue.DB // contains the queue
	S3      S3
	Publish Subscriber
	HTTP    *http.Client     // to the container; nil means a new client
	Now     func() time.Time // nil means time.Now
	NewID   func() string    // UUIDs
	Log     *slog.Logger
	// Paused, if not nil, reports that no work can be done now, as on a full
	// disk. While it returns true, no request is delivered, and one that fails
	// is delivered again without counting the attempt.
	Paused func() bool
}

// Endpoint is one asynchronous endpoint. It is safe for concurrent use.
type Endpoint struct {
	cfg     Config
	deps    Dependencies
	queue   *queue.Queue
	output  location
	failure location
	// healthy is whether the container's last response was good.
	healthy   atomic.Bool
	scaling   *scaling
	createdAt time.Time
}

// New returns the endpoint. Its queue may contain requests of an earlier
// process; [Endpoint.Run] processes them.
func New(cfg Config, deps Dependencies) (*Endpoint, error) {
	if cfg.Concurrency == 0 {
		cfg.Concurrency = DefaultConcurrency
	}
	if cfg.Attempts == 0 {
		cfg.Attempts = 3
	}
	if cfg.PingInterval == 0 {
		cfg.PingInterval = 500 * time.Millisecond
	}
	cfg.ModelURL = strings.TrimSuffix(cfg.ModelURL, "/")
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.HTTP == nil {
		deps.HTTP = newClient(cfg.Concurrency)
	}
	if deps.Paused == nil {
		deps.Paused = func() bool { return false }
	}
	e := &Endpoint{cfg: cfg, deps: deps, scaling: newScaling(cfg.Start, cfg.Idle, deps.Now()), createdAt: deps.Now()}
	var err error
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("creating endpoint %s: %w", cfg.Name, err)
	}
	if e.output, err = parseLocation(cfg.OutputPath); err != nil {
		return nil, fmt.Errorf("creating endpoint %s: its output path: %w", cfg.Name, err)
	}
	if e.failure, err = parseLocation(cfg.FailurePath); err != nil {
		return nil, fmt.Errorf("creating endpoint %s: its failure path: %w", cfg.Name, err)
	}
	if e.queue, err = deps.DB.Queue("endpoint/" + cfg.Name); err != nil {
		return nil, fmt.Errorf("creating endpoint %s: %w", cfg.Name, err)
	}
	return e, nil
}

func (c Config) validate() error {
	var problems []error
	if !endpointName.MatchString(c.Name) {
		problems = append(problems, fmt.Errorf("%q is not a valid endpoint name", c.Name))
	}
	if u, err := url.Parse(c.ModelURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		problems = append(problems, fmt.Errorf("the model's address %q must have the form http://host:port", c.ModelURL))
	}
	if c.Concurrency < 1 || c.Attempts < 1 || c.PingInterval < 0 || c.Start < 0 || c.Idle < 0 {
		problems = append(problems, errors.New("concurrency and attempts must be at least 1, no time negative"))
	}
	return errors.Join(problems...)
}

// Run delivers requests until ctx ends; then it cancels running requests and
// leaves them in the queue for the next process. It returns when all workers
// have stopped.
func (e *Endpoint) Run(ctx context.Context) error {
	scaling, stop := context.WithCancel(ctx)
	var ended sync.WaitGroup
	ended.Go(func() { e.scale(scaling) })
	defer ended.Wait()
	defer stop()
	return e.queue.Consume(ctx, e.cfg.Concurrency, func(lease *queue.Lease) { e.handle(ctx, lease) })
}

// Backlog returns the number of waiting and of running requests. Their sum
// corresponds to CloudWatch's ApproximateBacklogSize.
func (e *Endpoint) Backlog() (waiting, processing int) {
	return e.queue.Len(), e.queue.InFlight()
}

// newClient returns a client without a timeout, since each request has one,
// that keeps a connection per worker.
func newClient(connections int) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil // the container is on this machine or on the local network
	transport.MaxIdleConnsPerHost = connections
	return &http.Client{Transport: transport}
}

// location is a bucket with a key, or with a folder without its trailing slash.
type location struct{ bucket, key string }

func parseLocation(uri string) (location, error) {
	rest, ok := strings.CutPrefix(uri, "s3://")
	bucket, key, _ := strings.Cut(rest, "/")
	if !ok || bucket == "" {
		return location{}, fmt.Errorf("%q does not have the form s3://bucket/key", uri)
	}
	return location{bucket: bucket, key: strings.TrimSuffix(key, "/")}, nil
}

func (l location) join(name string) location {
	if l.key == "" {
		return location{bucket: l.bucket, key: name}
	}
	return location{bucket: l.bucket, key: l.key + "/" + name}
}

func (l location) String() string { return "s3://" + l.bucket + "/" + l.key }
