package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
)

// inference is the part that Notify reads of the message that SageMaker
// publishes when an asynchronous request ends.
// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html
type inference struct {
	InvocationStatus  string `json:"invocationStatus"`
	FailureReason     string `json:"failureReason"`
	RequestParameters struct {
		CustomAttributes string `json:"customAttributes"`
		InputLocation    string `json:"inputLocation"` // s3://bucket/key
	} `json:"requestParameters"`
	InferenceID string `json:"inferenceId"`
}

// fail writes the failed result of the object whose request the endpoint gave
// up. A message that belongs to no job of this bucket is logged and dropped,
// since a retry cannot succeed.
func (h *Handler) fail(ctx context.Context, message string) error {
	var ended inference
	if err := json.Unmarshal([]byte(message), &ended); err != nil {
		h.log.WarnContext(ctx, "dropping a message that is not SageMaker's", "error", err.Error())
		return nil
	}
	if ended.InvocationStatus != "Failed" {
		h.log.InfoContext(ctx, "ignoring a request that did not fail", "status", ended.InvocationStatus)
		return nil
	}
	ref, n, err := h.object(ended)
	if err != nil {
		h.log.WarnContext(ctx, "dropping a failure that belongs to no job", "error", err.Error(), "reason", ended.FailureReason)
		return nil
	}
	log := h.log.With("jobId", ref.Job, "object", n)
	manifest, err := h.bucket.Manifest(ctx, ref)
	if errors.Is(err, bucket.ErrNotFound) {
		// What Extract wrote when it made the request, at the time of the
		// deletion, is deleted too.
		log.InfoContext(ctx, "dropping the failure of a deleted job", "reason", ended.FailureReason)
		return h.bucket.DeleteJob(ctx, ref, "")
	}
	if err != nil {
		return err
	}
	if _, err := manifest.Object(n); err != nil {
		log.WarnContext(ctx, "dropping the failure of an object that the job does not have", "error", err.Error())
		return nil
	}
	failure := judge(ended.FailureReason)
	created, err := h.bucket.CreateResult(ctx, ref, job.FailedResult(n, failure, h.now()))
	if err != nil {
		return err
	}
	log.LogAttrs(ctx, slog.LevelWarn, "the endpoint gave up a request",
		slog.String("code", string(failure.Code)), slog.String("reason", ended.FailureReason), slog.Bool("first", created))
	h.metrics.Emit(map[string]any{"code": failure.Code, "jobId": ref.Job, "object": n},
		telemetry.Metric{Name: "AsyncFailures", Unit: telemetry.Count, Value: 1})
	return nil
}

// object returns the job and the number of the object that a request was for.
func (h *Handler) object(ended inference) (job.Ref, int, error) {
	location := ended.RequestParameters.InputLocation
	key, ok := strings.CutPrefix(location, "s3://"+h.bucket.Name()+"/")
	if !ok {
		return job.Ref{}, 0, fmt.Errorf("its input %q is not in the data bucket", location)
	}
	manifest, err := job.ParseOutputKey(key)
	if err != nil || manifest.Kind != job.KindManifest {
		return job.Ref{}, 0, fmt.Errorf("its input %q is not a manifest", location)
	}
	id, n, err := job.ParseInferenceID(ended.InferenceID)
	if err != nil {
		// A request that Extract did not make can have any ID.
		if n, err = job.ParseCustomAttributes(ended.RequestParameters.CustomAttributes); err != nil {
			return job.Ref{}, 0, fmt.Errorf("neither inference id %q nor custom attributes %q name an object",
				ended.InferenceID, ended.RequestParameters.CustomAttributes)
		}
		id = manifest.Job
	}
	if id != manifest.Job {
		return job.Ref{}, 0, fmt.Errorf("inference id %q is not of the job of its input %q", ended.InferenceID, location)
	}
	return manifest.Ref, n, nil
}

// failureReasons map words of SageMaker's reason to failures. SageMaker
// documents no list of reasons; one that matches no word is a failure of the
// model.
var failureReasons = []struct {
	words   []string
	failure job.Failure
}{
	{[]string{"out of memory", "outofmemory", "oomkill", "oom-kill", "cuda oom"}, job.Failure{Code: job.CodeOutOfMemory,
		Message: "The model ran out of memory on this object. Draw the box closer around it or use a smaller photo, and try again."}},
	{[]string{"timed out", "time out", "timeout", "time exceeded", "timeexceeded"}, job.Failure{Code: job.CodeTimedOut,
		Message: "The model took too long on this object. Draw the box closer around it and try again."}},
	{[]string{"expired", "requestttl", "request ttl", "time to live"}, job.Failure{Code: job.CodeExpired,
		Message: "This object waited too long for the model. Try again."}},
}

func judge(reason string) job.Failure {
	reason = strings.ToLower(reason)
	for _, v := range failureReasons {
		for _, word := range v.words {
			if strings.Contains(reason, word) {
				return v.failure
			}
		}
	}
	return job.Failure{Code: job.CodeModelFailed,
		Message: "The model could not make this object. Try again; if it fails again, draw another box."}
}
