package endpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"gen3d/local/queue"
)

// maxInput is the maximum size of an input. AWS's is 1 GB; Gen3D's manifests
// have a few KB.
const maxInput = 64 << 20

// pauseInterval is how long a request is postponed while work is paused.
const pauseInterval = time.Second

// outcome is the result of a request: a response, or a failure reason.
type outcome struct {
	failureReason string
	contentType   string
	body          []byte // the container's response, if any
}

// failed returns a failure with a message in SageMaker's observed format:
// "ClientError: Received client error (400) from model. See the SageMaker
// Endpoint logs in your account for more information."
func failed(format string, args ...any) *outcome {
	return &outcome{failureReason: "ClientError: " + fmt.Sprintf(format, args...)}
}

// Errors after which the request stays in the queue.
var (
	// errUndelivered is a delivery to which the container did not respond.
	errUndelivered = errors.New("the container refused or dropped the connection")
	// errStorageFull is a response of a container that could not write to S3 because
	// the local disk is full: the request waits.
	errStorageFull = errors.New("the container finds no room in S3")
	// errStorage is an error of S3 that does not depend on the request.
	errStorage = errors.New("S3 cannot be reached")
)

// handle processes one request. A lease that it does not settle returns to the
// queue unchanged.
func (e *Endpoint) handle(ctx context.Context, lease *queue.Lease) {
	req := new(request)
	if err := json.Unmarshal(lease.Payload, req); err != nil {
		e.deps.Log.ErrorContext(ctx, "request dropped: it cannot be read", "message", lease.ID, "error", err)
		e.settle(ctx, lease.Ack)
		return
	}
	log := e.deps.Log.With("inferenceId", req.InferenceID, "attempt", lease.Attempt)
	if e.deps.Paused() {
		e.settle(ctx, func() error { return lease.Postpone(pauseInterval) })
		return
	}
	end, err := e.deliver(ctx, req)
	if ctx.Err() != nil {
		return // the process is stopping; the next one delivers the request again
	}
	if errors.Is(err, errStorageFull) || e.deps.Paused() && (err != nil || end.failureReason != "") {
		// The full disk that pauses all work may have caused the failure.
		log.WarnContext(ctx, "request failed while the disk is full and will be delivered again")
		e.settle(ctx, func() error { return lease.Postpone(pauseInterval) })
		return
	}
	if errors.Is(err, errUndelivered) && lease.Attempt >= e.cfg.Attempts {
		end, err = failed("Received server error (0) from model with message \"An error occurred while handling request as the model process exited.\". See the SageMaker Endpoint logs in your account for more information."), nil
	}
	if err == nil {
		err = e.finish(ctx, log, req, end)
	}
	switch {
	case err == nil:
		e.settle(ctx, lease.Ack)
	case ctx.Err() != nil:
	default:
		log.WarnContext(ctx, "request returned to the queue", "error", err)
		e.settle(ctx, func() error { return lease.Retry(e.cfg.PingInterval) })
	}
}

func (e *Endpoint) settle(ctx context.Context, settle func() error) {
	if err := settle(); err != nil && !errors.Is(err, queue.ErrClosed) {
		e.deps.Log.ErrorContext(ctx, "queue not updated; the request will be delivered again", "error", err)
	}
}

// deliver sends the request to the container once it is ready.
func (e *Endpoint) deliver(ctx context.Context, req *request) (*outcome, error) {
	if err := e.awaitModel(ctx, req.expiresAt()); errors.Is(err, errExpired) {
		return failed("The request expired: it was in the queue longer than its RequestTTLSeconds of %d.", req.TTLSeconds), nil
	} else if err != nil {
		return nil, err
	}
	input, missing, err := e.fetch(ctx, req.InputLocation)
	switch {
	case err != nil:
		return nil, err
	case missing != nil:
		return missing, nil
	}
	return e.invoke(ctx, req, input)
}

// fetch reads the input. If a retry cannot succeed, it returns an outcome.
func (e *Endpoint) fetch(ctx context.Context, uri string) ([]byte, *outcome, error) {
	at, err := parseLocation(uri)
	if err != nil {
		return nil, failed("The input location %s is not an S3 URI.", uri), nil
	}
	out, err := e.deps.S3.GetObject(ctx, &s3.GetObjectInput{Bucket: &at.bucket, Key: &at.key})
	var answer smithy.APIError
	if errors.As(err, &answer) && clientCodes[answer.ErrorCode()] {
		return nil, failed("Failed to download the input from %s: %s.", uri, answer.ErrorCode()), nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w: getting %s: %w", errStorage, uri, err)
	}
	defer func() { _ = out.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(out.Body, maxInput+1))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: reading %s: %w", errStorage, uri, err)
	}
	if len(data) > maxInput {
		return nil, failed("The input at %s has more than %d bytes.", uri, maxInput), nil
	}
	return data, nil, nil
}

// clientCodes are S3's error codes for which a retry cannot succeed; the SDK
// has no types for some of them.
var clientCodes = map[string]bool{
	"NoSuchKey": true, "NoSuchBucket": true, "AccessDenied": true, "InvalidObjectState": true,
}

// finish stores the outcome of the request and publishes a message.
func (e *Endpoint) finish(ctx context.Context, log *slog.Logger, req *request, end *outcome) error {
	topic, m := e.cfg.SuccessTopic, e.message(req, "Completed")
	at := e.outputOf(req)
	if end.failureReason != "" {
		topic, m = e.cfg.ErrorTopic, e.message(req, "Failed")
		m.FailureReason = end.failureReason
		at = e.failureOf(req)
		log.WarnContext(ctx, "request failed", "reason", end.failureReason)
	} else {
		m.ResponseParameters = &responseParameters{ContentType: end.contentType, OutputLocation: at.String()}
	}
	if err := e.store(ctx, at, end); err != nil {
		return err
	}
	if topic == "" {
		return nil
	}
	event, err := e.event(topic, m)
	if err != nil {
		return err
	}
	if err := e.deps.Publish(ctx, topic, event); err != nil {
		return fmt.Errorf("publishing the outcome of request %s: %w", req.InferenceID, err)
	}
	return nil
}

// store writes the container's response or, if there is none, the failure
// reason.
func (e *Endpoint) store(ctx context.Context, at location, end *outcome) error {
	body, contentType := end.body, end.contentType
	if body == nil && end.failureReason != "" {
		body, contentType = []byte(end.failureReason), "text/plain"
	}
	_, err := e.deps.S3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &at.bucket, Key: &at.key, Body: bytes.NewReader(body), ContentType: aws.String(contentType),
	})
	if err != nil {
		return fmt.Errorf("%w: putting %s: %w", errStorage, at, err)
	}
	return nil
}
