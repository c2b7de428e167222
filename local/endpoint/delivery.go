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

// maxInput bounds what is read of an input. AWS takes 1 GB; the manifests that
// go through here have a few KB.
const maxInput = 64 << 20

// holdPause is how long a request waits that is held before it is asked for again.
const holdPause = time.Second

// outcome is how a request ended: with a response, or with a reason for failure.
type outcome struct {
	failureReason string
	contentType   string
	body          []byte // the container's answer, if it gave one
}

// failed makes an outcome in SageMaker's words, as its messages have been seen:
// "ClientError: Received client error (400) from model. See the SageMaker
// Endpoint logs in your account for more information."
func failed(format string, args ...any) *outcome {
	return &outcome{failureReason: "ClientError: " + fmt.Sprintf(format, args...)}
}

// Errors that leave the request in the queue.
var (
	// errUndelivered marks a delivery that the container did not live to answer.
	errUndelivered = errors.New("the container refused or dropped the connection")
	// errNoRoom marks a container that found no room in S3, which Amazon's always
	// has: the request waits for it.
	errNoRoom = errors.New("the container finds no room in S3")
	// errStorage marks a fault of S3, which has nothing to do with the request.
	errStorage = errors.New("S3 cannot be reached")
)

// handle works off one request. A lease that it leaves unsettled goes back to
// the queue as it was.
func (e *Endpoint) handle(ctx context.Context, lease *queue.Lease) {
	req := new(request)
	if err := json.Unmarshal(lease.Payload, req); err != nil {
		e.deps.Log.ErrorContext(ctx, "request dropped: it cannot be read", "message", lease.ID, "error", err)
		e.settle(ctx, lease.Ack)
		return
	}
	log := e.deps.Log.With("inferenceId", req.InferenceID, "attempt", lease.Attempt)
	if e.deps.Held() {
		e.settle(ctx, func() error { return lease.Postpone(holdPause) })
		return
	}
	end, err := e.deliver(ctx, req)
	if ctx.Err() != nil {
		return // the process stops; the next one delivers the request again
	}
	if errors.Is(err, errNoRoom) || e.deps.Held() && (err != nil || end.failureReason != "") {
		// What failed may have failed for want of the room that all work waits for.
		log.WarnContext(ctx, "request failed for want of room and will be delivered again")
		e.settle(ctx, func() error { return lease.Postpone(holdPause) })
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
		log.WarnContext(ctx, "request goes back to the queue", "error", err)
		e.settle(ctx, func() error { return lease.Retry(e.cfg.PingInterval) })
	}
}

func (e *Endpoint) settle(ctx context.Context, settle func() error) {
	if err := settle(); err != nil && !errors.Is(err, queue.ErrClosed) {
		e.deps.Log.ErrorContext(ctx, "queue not updated; the request will be delivered again", "error", err)
	}
}

// deliver gives the request to the container once it is ready.
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

// fetch reads the input. Where that can never succeed, it gives the outcome.
func (e *Endpoint) fetch(ctx context.Context, uri string) ([]byte, *outcome, error) {
	at, err := parseLocation(uri)
	if err != nil {
		return nil, failed("The input location %s is no S3 object.", uri), nil
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

// clientCodes are S3's refusals that trying again does not change; the SDK knows
// no fault for those it has no type for.
var clientCodes = map[string]bool{
	"NoSuchKey": true, "NoSuchBucket": true, "AccessDenied": true, "InvalidObjectState": true,
}

// finish stores what came of the request and tells the topic's subscriber.
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

// store writes the container's answer or, where it gave none, the reason.
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
