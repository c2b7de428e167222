// Package endpoint stands in for one SageMaker asynchronous endpoint on a single
// machine: the InvokeEndpointAsync call of the SageMaker Runtime API, the queue
// behind it, and what follows a finished request — an object in S3 and a message
// through SNS.
//
//	client ── InvokeEndpointAsync ──▶ [Endpoint.Handler] ──▶ durable queue
//	queue ──▶ workers of [Endpoint.Run] ── POST /invocations ──▶ model container
//	            │
//	            ├─ response  ▶ {OutputPath}/{uuid}.out        ─▶ success topic
//	            └─ failure   ▶ {FailurePath}/{uuid}-error.out ─▶ error topic
//
// A request is on disk before it is answered, and leaves the queue only after
// its message has been taken by the subscriber, so that it survives a kill and
// is delivered at least once. Sources of the behavior:
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointAsync.html
// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html
//
// AWS does not document how often it delivers a request to a container that
// dies under it. Here a request whose connection was refused or dropped is
// delivered up to Attempts times in all; a container that answers, even with a
// server error, has had its say and is not asked again.
//
// The API checks no signature: it is meant for a loopback address.
package endpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/local/queue"
)

// Config says what the endpoint is called and how it treats its container.
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

	// Concurrency is MaxConcurrentInvocationsPerInstance: how many requests the
	// container gets at once. 0 is 4.
	Concurrency int
	// Attempts is how often a request is delivered to a container that dies under
	// it. 0 is 3.
	Attempts int
	// PingInterval is how long to wait between two looks at a container that is
	// not ready, and before a repeated delivery. 0 is 500 ms.
	PingInterval time.Duration
}

// S3 is what the endpoint calls of S3; *s3.Client has it.
type S3 interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

// Subscriber takes the event that Lambda would get from SNS for a message to a
// topic. It keeps the event durably before it returns; after an error it is
// called again with the same outcome.
type Subscriber func(ctx context.Context, topicARN string, event []byte) error

// Dependencies of an endpoint.
type Dependencies struct {
	DB      *queue.DB // holds the queue
	S3      S3
	Publish Subscriber
	HTTP    *http.Client     // to the container; nil is a client of its own
	Now     func() time.Time // nil is time.Now
	NewID   func() string    // UUIDs
	Log     *slog.Logger
	// Held, if not nil, reports that nothing can be done for now, as on a full
	// disk. Until it does not, no request is delivered, and one that fails is
	// delivered again without being counted.
	Held func() bool
}

// Endpoint is one asynchronous endpoint. It is safe for concurrent use.
type Endpoint struct {
	cfg     Config
	deps    Dependencies
	queue   *queue.Queue
	output  location
	failure location
	// healthy is whether the container answered the last ping, or request, well.
	healthy atomic.Bool
}

// New makes the endpoint. Requests that an earlier process left in the queue are
// there already; [Endpoint.Run] works them off.
func New(cfg Config, deps Dependencies) (*Endpoint, error) {
	if cfg.Concurrency == 0 {
		cfg.Concurrency = 4
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
	if deps.Held == nil {
		deps.Held = func() bool { return false }
	}
	e := &Endpoint{cfg: cfg, deps: deps}
	var err error
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("making endpoint %s: %w", cfg.Name, err)
	}
	if e.output, err = parseLocation(cfg.OutputPath); err != nil {
		return nil, fmt.Errorf("making endpoint %s: its output path: %w", cfg.Name, err)
	}
	if e.failure, err = parseLocation(cfg.FailurePath); err != nil {
		return nil, fmt.Errorf("making endpoint %s: its failure path: %w", cfg.Name, err)
	}
	if e.queue, err = deps.DB.Queue("endpoint/" + cfg.Name); err != nil {
		return nil, fmt.Errorf("making endpoint %s: %w", cfg.Name, err)
	}
	return e, nil
}

func (c Config) validate() error {
	var problems []error
	if !endpointName.MatchString(c.Name) {
		problems = append(problems, fmt.Errorf("%q is no endpoint name", c.Name))
	}
	if u, err := url.Parse(c.ModelURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		problems = append(problems, fmt.Errorf("the model's address %q must read http://host:port", c.ModelURL))
	}
	if c.Concurrency < 1 || c.Attempts < 1 || c.PingInterval < 0 {
		problems = append(problems, errors.New("concurrency and attempts must be at least 1, the ping interval positive"))
	}
	return errors.Join(problems...)
}

// Run delivers requests until ctx ends; then it breaks off those under way and
// leaves them in the queue for the next process. It returns when all workers
// have stopped.
func (e *Endpoint) Run(ctx context.Context) error {
	return e.queue.Consume(ctx, e.cfg.Concurrency, func(lease *queue.Lease) { e.handle(ctx, lease) })
}

// Backlog is how many requests wait and how many are being worked on. Their sum
// is what CloudWatch shows as ApproximateBacklogSize.
func (e *Endpoint) Backlog() (waiting, processing int) {
	return e.queue.Len(), e.queue.InFlight()
}

// newClient has no time limit of its own, since each request brings one, and
// keeps a connection for every worker.
func newClient(connections int) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil // the container is on this machine or on the local network
	transport.MaxIdleConnsPerHost = connections
	return &http.Client{Transport: transport}
}

// location is a bucket and a key, or a folder without its last slash.
type location struct{ bucket, key string }

func parseLocation(uri string) (location, error) {
	rest, ok := strings.CutPrefix(uri, "s3://")
	bucket, key, _ := strings.Cut(rest, "/")
	if !ok || bucket == "" {
		return location{}, fmt.Errorf("%q does not read s3://bucket/key", uri)
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
