package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime/types"

	"gen3d/local/endpoint"
)

func TestResponseIsStoredAndPublished(t *testing.T) {
	w := newWorld(t, model(t, ready, echo)).start()
	location := w.input(`{"version":1}`)
	accepted := w.invoke("job-1", location)
	if aws.ToString(accepted.InferenceId) != "job-1" {
		t.Errorf("the inference id is %q", aws.ToString(accepted.InferenceId))
	}
	topic, record, o := w.next()
	if topic != successTopic || o.InvocationStatus != "Completed" || o.InferenceID != "job-1" || o.FailureReason != "" {
		t.Errorf("the message to %s is %+v", topic, o)
	}
	if o.RequestParameters.EndpointName != name || o.RequestParameters.InputLocation != location || o.RequestParameters.ContentType != "application/json" {
		t.Errorf("the request parameters are %+v", o.RequestParameters)
	}
	if record.EventSource != "aws:sns" || record.EventVersion != "1.0" || record.SNS.Type != "Notification" ||
		record.SNS.TopicArn != successTopic || record.SNS.MessageID == "" || record.SNS.Timestamp.IsZero() ||
		!strings.HasPrefix(record.EventSubscriptionArn, successTopic+":") {
		t.Errorf("the record is %+v", record)
	}
	if o.ResponseParameters == nil || o.ResponseParameters.OutputLocation != aws.ToString(accepted.OutputLocation) {
		t.Fatalf("the message says %+v, the answer said %s", o.ResponseParameters, aws.ToString(accepted.OutputLocation))
	}
	if !strings.HasPrefix(aws.ToString(accepted.FailureLocation), "s3://gen3d-local-model/async/failure/") ||
		!strings.HasSuffix(aws.ToString(accepted.FailureLocation), "-error.out") {
		t.Errorf("the failure location is %s", aws.ToString(accepted.FailureLocation))
	}
	body, contentType := w.object(o.ResponseParameters.OutputLocation)
	want := `{"contentType":"application/json","attributes":"object=1","inferenceId":"job-1","body":{"version":1}}`
	if body != want || contentType != "application/json" {
		t.Errorf("the output is %s (%s)", body, contentType)
	}
	w.eventually("an empty queue", func() bool {
		waiting, processing := w.endpoint.Backlog()
		return waiting+processing == 0
	})
}

func TestMissingInferenceIDIsGenerated(t *testing.T) {
	w := newWorld(t, model(t, ready, echo)).start()
	accepted := w.invoke("", w.input("{}"), func(in *sagemakerruntime.InvokeEndpointAsyncInput) { in.InferenceId = nil })
	if aws.ToString(accepted.InferenceId) == "" {
		t.Fatal("there is no inference id")
	}
	if _, _, o := w.next(); o.InferenceID != aws.ToString(accepted.InferenceId) {
		t.Errorf("the message is about %s, the response about %s", o.InferenceID, aws.ToString(accepted.InferenceId))
	}
}

func TestInvalidRequestIsAValidationError(t *testing.T) {
	w := newWorld(t, model(t, ready, echo))
	good := "s3://gen3d-local-data/users/testuser001/output/x/job.json"
	for _, test := range []struct {
		name, says string
		change     func(*sagemakerruntime.InvokeEndpointAsyncInput)
	}{
		{"unknown endpoint", "Endpoint other of account 000000000000 not found.", func(in *sagemakerruntime.InvokeEndpointAsyncInput) { in.EndpointName = aws.String("other") }},
		{"no input location", "inputLocation", func(in *sagemakerruntime.InvokeEndpointAsyncInput) { in.InputLocation = nil }},
		{"input location that is no S3 URI", "inputLocation", func(in *sagemakerruntime.InvokeEndpointAsyncInput) { in.InputLocation = aws.String("/etc/passwd") }},
		{"input location without a key", "inputLocation", func(in *sagemakerruntime.InvokeEndpointAsyncInput) { in.InputLocation = aws.String("s3://bucket/") }},
		{"input location too long", "1024", func(in *sagemakerruntime.InvokeEndpointAsyncInput) {
			in.InputLocation = aws.String("s3://bucket/" + strings.Repeat("x", 1024))
		}},
		{"inference id too long", "inferenceId", func(in *sagemakerruntime.InvokeEndpointAsyncInput) {
			in.InferenceId = aws.String(strings.Repeat("x", 65))
		}},
		{"time to live too short", "greater than or equal to 60", func(in *sagemakerruntime.InvokeEndpointAsyncInput) { in.RequestTTLSeconds = aws.Int32(59) }},
		{"time to live too long", "less than or equal to 21600", func(in *sagemakerruntime.InvokeEndpointAsyncInput) { in.RequestTTLSeconds = aws.Int32(21601) }},
		{"timeout too short", "invocationTimeoutSeconds", func(in *sagemakerruntime.InvokeEndpointAsyncInput) { in.InvocationTimeoutSeconds = aws.Int32(0) }},
		{"timeout too long", "less than or equal to 3600", func(in *sagemakerruntime.InvokeEndpointAsyncInput) { in.InvocationTimeoutSeconds = aws.Int32(3601) }},
		{"inline body", "InputLocation only", func(in *sagemakerruntime.InvokeEndpointAsyncInput) { in.Body = []byte("{}") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := w.tryInvoke("job-1", good, test.change)
			var refused *types.ValidationError
			if !errors.As(err, &refused) || !strings.Contains(aws.ToString(refused.Message), test.says) {
				t.Errorf("the error is %v; it should be a ValidationError that says %q", err, test.says)
			}
		})
	}
	if waiting, processing := w.endpoint.Backlog(); waiting+processing != 0 {
		t.Errorf("%d refused requests are in the queue", waiting+processing)
	}
}

func TestModelErrorIsAFailure(t *testing.T) {
	for status, reason := range map[int]string{
		400: "ClientError: Received client error (400) from model. See the SageMaker Endpoint logs",
		500: "ClientError: Received server error (500) from model. See the SageMaker Endpoint logs",
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			var calls atomic.Int32
			w := newWorld(t, model(t, ready, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				w.Header().Set("Content-Type", "application/problem+json")
				w.WriteHeader(status)
				_, _ = fmt.Fprint(w, `{"code":"bad"}`)
			})).start()
			accepted := w.invoke("job-1", w.input("{}"))
			w.failure("job-1", reason)
			if calls.Load() != 1 {
				t.Errorf("the model was called %d times", calls.Load())
			}
			if body, contentType := w.object(aws.ToString(accepted.FailureLocation)); body != `{"code":"bad"}` || contentType != "application/problem+json" {
				t.Errorf("the failure's object is %s (%s)", body, contentType)
			}
		})
	}
}

func TestMissingInputIsAFailure(t *testing.T) {
	w := newWorld(t, model(t, ready, echo)).start()
	accepted := w.invoke("job-1", "s3://gen3d-local-data/users/testuser001/output/none/job.json")
	w.failure("job-1", "NoSuchKey")
	if body, _ := w.object(aws.ToString(accepted.FailureLocation)); !strings.Contains(body, "NoSuchKey") {
		t.Errorf("the failure's object is %s", body)
	}
	w.invoke("job-2", "s3://no-such-bucket/job.json")
	w.failure("job-2", "NoSuchBucket")
}

func TestFailedPublishIsRetried(t *testing.T) {
	var refusals atomic.Int32
	w := newWorld(t, model(t, ready, echo), func(w *world) {
		publish := w.deps.Publish
		w.deps.Publish = func(ctx context.Context, topic string, event []byte) error {
			if refusals.Add(1) <= 5 {
				return errors.New("the functions' queue is full")
			}
			return publish(ctx, topic, event)
		}
	}).start()
	w.invoke("job-1", w.input("{}"))
	if topic, _, o := w.next(); topic != successTopic || o.InferenceID != "job-1" {
		t.Errorf("the message to %s is about %s", topic, o.InferenceID)
	}
}

// flaky fails the first calls to S3.
type flaky struct {
	endpoint.S3
	failures atomic.Int32
}

func (f *flaky) PutObject(ctx context.Context, in *s3.PutObjectInput, options ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	if f.failures.Add(-1) >= 0 {
		return nil, errors.New("connection reset")
	}
	return f.S3.PutObject(ctx, in, options...)
}

func (f *flaky) GetObject(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	if f.failures.Add(-1) >= 0 {
		return nil, errors.New("connection reset")
	}
	return f.S3.GetObject(ctx, in, options...)
}

func TestS3ErrorsAreRetried(t *testing.T) {
	w := newWorld(t, model(t, ready, echo), func(w *world) {
		faults := &flaky{S3: w.deps.S3}
		faults.failures.Store(7)
		w.deps.S3 = faults
	}).start()
	w.invoke("job-1", w.input("{}"))
	if topic, _, o := w.next(); topic != successTopic || o.InferenceID != "job-1" {
		t.Errorf("the message to %s is about %s: %s", topic, o.InferenceID, o.FailureReason)
	}
}

func TestNoMessageWithoutATopic(t *testing.T) {
	w := newWorld(t, model(t, ready, echo), func(w *world) { w.config.SuccessTopic = "" }).start()
	accepted := w.invoke("job-1", w.input("{}"))
	w.eventually("an empty queue", func() bool {
		waiting, processing := w.endpoint.Backlog()
		return waiting+processing == 0
	})
	w.object(aws.ToString(accepted.OutputLocation))
	if len(w.messages) != 0 {
		t.Error("a message was sent")
	}
}

func TestNewRefusesInvalidConfiguration(t *testing.T) {
	w := newWorld(t, "http://127.0.0.1:1")
	for name, change := range map[string]func(*endpoint.Config){
		"name":         func(c *endpoint.Config) { c.Name = "a b" },
		"model's URL":  func(c *endpoint.Config) { c.ModelURL = "127.0.0.1:8080" },
		"output path":  func(c *endpoint.Config) { c.OutputPath = "gen3d-local-model" },
		"failure path": func(c *endpoint.Config) { c.FailurePath = "s3://" },
		"concurrency":  func(c *endpoint.Config) { c.Concurrency = -1 },
	} {
		cfg := w.config
		change(&cfg)
		if _, err := endpoint.New(cfg, w.deps); err == nil {
			t.Errorf("an unusable %s was accepted", name)
		}
	}
}
