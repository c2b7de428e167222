package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/handlers/api/route"
	"gen3d/internal/bucket"
	"gen3d/internal/instances"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
)

// Services are the clients and settings that the handler uses.
type Services struct {
	// S3 presigns requests; Bucket reads and writes documents.
	S3     *s3.Client
	Bucket *bucket.Bucket
	// Instances are those of the endpoint.
	Instances Instances
	Now       func() time.Time
	Random    io.Reader // for job IDs
	Log       *slog.Logger
	Metrics   *telemetry.Metrics
	// WaitTimeout limits the time that finding out what a job waits for adds to
	// a request. 0 means three seconds.
	WaitTimeout time.Duration
}

// Instances are the endpoint's instances. *instances.Instances implements it.
type Instances interface {
	Wake(context.Context) (asked bool)
	Status(context.Context) (instances.Status, error)
}

// Handler answers the requests of the HTTP API.
type Handler struct {
	config      Config
	s3          *s3.Client
	bucket      *bucket.Bucket
	instances   Instances
	queue       *queueReader
	now         func() time.Time
	random      io.Reader
	log         *slog.Logger
	metrics     *telemetry.Metrics
	waitTimeout time.Duration
	routes      []servedRoute
}

// New returns a handler for a validated configuration.
func New(config Config, s Services) *Handler {
	if s.WaitTimeout == 0 {
		s.WaitTimeout = defaultWaitTimeout
	}
	h := &Handler{
		config: config, s3: s.S3, bucket: s.Bucket, instances: s.Instances,
		queue: &queueReader{bucket: s.Bucket, now: s.Now},
		now:   s.Now, random: s.Random, log: s.Log, metrics: s.Metrics, waitTimeout: s.WaitTimeout,
	}
	h.routes = []servedRoute{
		{route.Create, h.create},
		{route.List, h.list},
		{route.Show, h.show},
		{route.Remove, h.remove},
		{route.Start, h.start},
		{route.Wake, h.wake},
		{route.Describe, h.describe},
	}
	return h
}

// servedRoute is a route and the method that serves it.
type servedRoute struct {
	route.Route
	serve func(context.Context, *request) (*response, error)
}

// Routes returns the routes that the handler serves.
func (h *Handler) Routes() []route.Route {
	routes := make([]route.Route, len(h.routes))
	for i, r := range h.routes {
		routes[i] = r.Route
	}
	return routes
}

// request is an event as a route's method receives it.
type request struct {
	event events.APIGatewayV2HTTPRequest
	user  string  // valid and not empty, except on a public route
	job   job.Ref // for a path with {jobId}
}

// response is a status with either a JSON document or a text of another media
// type.
type response struct {
	status    int
	document  any
	text      string
	mediaType string
}

// Handle answers one request in API Gateway's payload format 2.0. The error is
// always nil: a failure is answered with a problem document.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func (h *Handler) Handle(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	began := h.now()
	req := &request{event: event}
	path, out, err := h.dispatch(ctx, req)
	answer := h.answer(ctx, req, out, err)
	took := h.now().Sub(began)
	h.log.InfoContext(ctx, "answered", "route", path, "status", answer.StatusCode, "ms", took.Milliseconds(), "jobId", req.job.Job)
	h.measure(path, answer.StatusCode, took)
	return answer, nil
}

func (h *Handler) measure(route string, status int, took time.Duration) {
	metrics := []telemetry.Metric{
		{Name: "Requests", Unit: telemetry.Count, Value: 1},
		{Name: "Latency", Unit: telemetry.Milliseconds, Value: float64(took.Microseconds()) / 1000},
	}
	switch {
	case status >= 500:
		metrics = append(metrics, telemetry.Metric{Name: "ServerErrors", Unit: telemetry.Count, Value: 1})
	case status >= 400:
		metrics = append(metrics, telemetry.Metric{Name: "ClientErrors", Unit: telemetry.Count, Value: 1})
	}
	h.metrics.Emit(map[string]any{"route": route, "status": status}, metrics...)
}

// dispatch finds the route, authenticates the user and calls the route's
// method. It returns the name of the route for logs and metrics, which never
// contain the path of an unknown route.
func (h *Handler) dispatch(ctx context.Context, req *request) (name string, out *response, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			h.log.ErrorContext(ctx, "panic", "fault", fault, "stack", string(debug.Stack()))
			out, err = nil, errors.New("the program failed")
		}
	}()
	path, method := req.event.RawPath, req.event.RequestContext.HTTP.Method
	var allowed []string
	for _, r := range h.routes {
		id, ok := r.Match(path)
		if !ok {
			continue
		}
		if r.Method != method {
			allowed = append(allowed, r.Method)
			continue
		}
		name = r.Key()
		if !r.Public {
			if req.user, err = user(req.event); err != nil {
				return name, nil, err
			}
		}
		if id != "" {
			parsed, err := job.ParseID(id)
			if err != nil {
				return name, nil, noSuchJob()
			}
			req.job = job.Ref{User: req.user, Job: parsed}
		}
		out, err = r.serve(ctx, req)
		return name, out, err
	}
	if len(allowed) > 0 {
		slices.Sort(allowed)
		p := newProblem(http.StatusMethodNotAllowed, codeMethod, "This address takes %s only.", strings.Join(allowed, " and "))
		p.allow = strings.Join(allowed, ", ")
		return "other", nil, p
	}
	return "other", nil, newProblem(http.StatusNotFound, codeNotFound, "There is nothing at this address; GET /api/openapi.yaml describes the API.")
}

// user returns the sub of the token that the authorizer has validated.
func user(event events.APIGatewayV2HTTPRequest) (string, error) {
	a := event.RequestContext.Authorizer
	if a == nil || a.JWT == nil {
		return "", newProblem(http.StatusUnauthorized, codeUnauthorized, "Sign in first: the request has no valid access token.")
	}
	sub := a.JWT.Claims["sub"]
	if !job.ValidUser(sub) {
		return "", newProblem(http.StatusForbidden, codeForbidden, "The access token does not name a user of this service; sign in again.")
	}
	return sub, nil
}

// answer encodes the response, or the problem that err wraps. Any other error
// is an internal fault: it is logged in full, and the answer holds no details
// of it.
func (h *Handler) answer(ctx context.Context, req *request, out *response, err error) events.APIGatewayV2HTTPResponse {
	headers := map[string]string{"cache-control": "no-store", "x-content-type-options": "nosniff"}
	if err != nil {
		var p *problem
		if !errors.As(err, &p) {
			h.log.ErrorContext(ctx, "request failed", "error", err.Error(), "jobId", req.job.Job, "gatewayRequestId", req.event.RequestContext.RequestID)
			p = newProblem(http.StatusInternalServerError, codeInternal, "Something went wrong in Gen3D. Try again; if it happens again, tell the administrator the request id.")
			p.RequestID = req.event.RequestContext.RequestID
		}
		if p.allow != "" {
			headers["allow"] = p.allow
		}
		if p.retryAfter > 0 {
			headers["retry-after"] = strconv.FormatInt(int64((p.retryAfter+time.Second-1)/time.Second), 10)
		}
		out = &response{status: p.Status, document: p, mediaType: "application/problem+json"}
	}
	answer := events.APIGatewayV2HTTPResponse{StatusCode: out.status, Headers: headers, Body: out.text}
	if out.document != nil {
		body, err := json.Marshal(out.document)
		if err != nil { // the documents of this package always encode
			h.log.ErrorContext(ctx, "writing the response", "error", err.Error())
			return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusInternalServerError, Headers: headers}
		}
		answer.Body = string(body)
	}
	if out.mediaType == "" && out.document != nil {
		out.mediaType = "application/json"
	}
	if out.mediaType != "" {
		headers["content-type"] = out.mediaType
	}
	compress(&answer, req.event.Headers["accept-encoding"])
	return answer
}
