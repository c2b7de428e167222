package endpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// maxResponse is the maximum size of the container's response. AWS's is 1
	// GB; a result document has a few KB.
	maxResponse = 64 << 20
	// pingTimeout is the timeout of a ping.
	// https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
	pingTimeout = 2 * time.Second
)

// errExpired is returned for a request that was in the queue longer than its
// TTL.
var errExpired = errors.New("the request was in the queue for too long")

// awaitModel returns when there is an instance and its container is ready, or with [errExpired] if the
// request expires before that.
func (e *Endpoint) awaitModel(ctx context.Context, expires time.Time) error {
	for {
		if !e.deps.Now().Before(expires) {
			return errExpired
		}
		if current, _, _ := e.scaling.counts(); current > 0 && (e.healthy.Load() || e.ping(ctx)) {
			return nil
		}
		pause := time.NewTimer(e.cfg.PingInterval)
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}

func (e *Endpoint) ping(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.cfg.ModelURL+"/ping", nil)
	if err != nil {
		return false
	}
	resp, err := e.deps.HTTP.Do(req)
	if err != nil {
		return false
	}
	// The body is read so that the connection can be reused.
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxResponse))
	_ = resp.Body.Close()
	ready := resp.StatusCode == http.StatusOK
	e.healthy.Store(ready)
	return ready
}

// invoke posts the input to the container. Every response is an outcome;
// without one the error wraps [errUndelivered].
func (e *Endpoint) invoke(ctx context.Context, req *request, input []byte) (*outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, req.timeout())
	defer cancel()
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, e.cfg.ModelURL+"/invocations", bytes.NewReader(input))
	if err != nil {
		return nil, fmt.Errorf("creating the request %s to the container: %w", req.InferenceID, err)
	}
	// Without GetBody, Go's client does not repeat the request when an idle
	// connection is closed, so that every delivery is counted.
	post.GetBody = nil
	for header, value := range map[string]string{
		"Content-Type": req.ContentType, "Accept": req.Accept,
		headerCustomAttributes: req.CustomAttributes, headerInferenceID: req.InferenceID,
	} {
		if value != "" {
			post.Header.Set(header, value)
		}
	}
	resp, err := e.deps.HTTP.Do(post)
	if err == nil {
		defer func() { _ = resp.Body.Close() }()
		var end *outcome
		if end, err = read(resp); err == nil {
			if resp.StatusCode == http.StatusInsufficientStorage {
				return nil, errStorageFull
			}
			if resp.StatusCode >= 500 {
				e.healthy.Store(false) // ping before the next request
			}
			return end, nil
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return failed("Received server error (0) from model with message \"Your invocation timed out while waiting for a response from container primary. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.\". See the SageMaker Endpoint logs in your account for more information."), nil
	}
	e.healthy.Store(false)
	return nil, fmt.Errorf("%w: %w", errUndelivered, err)
}

// read converts the container's response to an outcome.
func read(resp *http.Response) (*outcome, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return nil, err
	}
	var end *outcome
	switch {
	case len(body) > maxResponse:
		return failed("The response of the model has more than %d bytes.", maxResponse), nil
	case resp.StatusCode >= 500:
		end = failed("Received server error (%d) from model. See the SageMaker Endpoint logs in your account for more information.", resp.StatusCode)
	case resp.StatusCode >= 400:
		end = failed("Received client error (%d) from model. See the SageMaker Endpoint logs in your account for more information.", resp.StatusCode)
	case resp.StatusCode != http.StatusOK:
		end = failed("Received unexpected status (%d) from model.", resp.StatusCode)
	default:
		end = &outcome{}
	}
	end.body, end.contentType = body, resp.Header.Get("Content-Type")
	return end, nil
}
