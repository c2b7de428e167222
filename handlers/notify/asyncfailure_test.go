package notify_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// failureOf returns the event that SageMaker's error topic sends through SNS,
// as the service documents it:
// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html
func failureOf(t *testing.T, reason, location, inferenceID, status string) json.RawMessage {
	t.Helper()
	message, err := json.Marshal(map[string]any{
		"awsRegion": "us-east-1", "eventTime": "2026-01-29T15:52:28.711Z", "receivedTime": "2026-01-29T12:11:05.618Z",
		"invocationStatus": status, "failureReason": reason,
		"requestParameters": map[string]any{
			"contentType": "application/json", "endpointName": "Gen3DSAMAsyncEndpoint-dev", "inputLocation": location,
		},
		"inferenceId": inferenceID, "eventVersion": "1.0", "eventSource": "aws:sagemaker", "eventName": "InferenceResult",
	})
	if err != nil {
		t.Fatal(err)
	}
	event, err := json.Marshal(map[string]any{"Records": []any{map[string]any{
		"EventSource": "aws:sns", "EventVersion": "1.0",
		"EventSubscriptionArn": "arn:aws:sns:us-east-1:000000000000:errors:00000000-0000-4000-8000-000000000000",
		"Sns": map[string]any{
			"Type": "Notification", "MessageId": "4a544bca", "TopicArn": "arn:aws:sns:us-east-1:000000000000:errors",
			"Subject": nil, "Message": string(message), "Timestamp": "2026-01-29T15:52:28.745Z", "MessageAttributes": map[string]any{},
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return event
}

func location(m *job.Manifest) string { return "s3://" + s3test.Bucket + "/" + m.Ref().ManifestKey() }

func TestFailureOfTheEndpointBecomesAResultByItsReason(t *testing.T) {
	s := newService(t)
	for reason, code := range map[string]job.Code{
		"ClientError: Received server error (500) from model. See the SageMaker Endpoint logs in your account for more information.": job.CodeModelFailed,
		"ClientError: Received client error (400) from model. See the SageMaker Endpoint logs in your account for more information.": job.CodeModelFailed,
		"InternalServerError: Request was throttled in the room upstairs":                                                            job.CodeModelFailed,
		"ClientError: Request expired: its time in the queue is above RequestTTLSeconds":                                             job.CodeExpired,
		"ClientError: Invocation timed out while waiting for a response from container":                                              job.CodeTimedOut,
		"ModelInvocationTimeExceeded":                job.CodeTimedOut,
		"Model container failed: CUDA out of memory": job.CodeOutOfMemory,
		"": job.CodeModelFailed,
	} {
		m := s.job("cat.jpg", "")
		s.mustRun(failureOf(t, reason, location(m), m.Ref().InferenceID(1), "Failed"))
		r, err := s.bucket.Result(t.Context(), m.Ref(), 1)
		if err != nil {
			t.Fatalf("%q left no result: %v", reason, err)
		}
		if r.Status != job.StatusFailed || r.Error.Code != code || !strings.Contains(r.Error.Message, "ry again") {
			t.Errorf("%q became %s, %+v, not %s", reason, r.Status, r.Error, code)
		}
		if reason != "" && strings.Contains(r.Error.Message, reason) {
			t.Errorf("the user's message is %q", r.Error.Message)
		}
		// The result causes an event of the bucket, for which the mail
		// is sent.
		s.mustRun(s.last(m))
		s.checkDone(m)
	}
	wants(t, "output", s.output.String(), `"AsyncFailures":1`, `"code":"expired"`)
}

func TestFirstOutcomeStandsAgainstALaterFailureOfTheEndpoint(t *testing.T) {
	s := newService(t)
	m := s.job("cat.jpg", "")
	s.succeed(m, 1)
	s.mustRun(failureOf(t, "timed out", location(m), m.Ref().InferenceID(1), "Failed"))
	if r, err := s.bucket.Result(t.Context(), m.Ref(), 1); err != nil || r.Status != job.StatusSucceeded {
		t.Errorf("the result is %+v (%v)", r, err)
	}
}

func TestOtherMessagesAreIgnored(t *testing.T) {
	s := newService(t)
	m := s.job("cat.jpg", "")
	other := s.job("dog.jpg", "")
	gone := s.job("gone.jpg", "")
	if err := s.bucket.DeleteJob(t.Context(), gone.Ref(), ""); err != nil {
		t.Fatal(err)
	}
	ref := m.Ref()
	for name, event := range map[string]json.RawMessage{
		"completed":          failureOf(t, "", location(m), ref.InferenceID(1), "Completed"),
		"another bucket":     failureOf(t, "x", "s3://elsewhere/"+ref.ManifestKey(), ref.InferenceID(1), "Failed"),
		"bucket of a prefix": failureOf(t, "x", "s3://"+s3test.Bucket+"-2/"+ref.ManifestKey(), ref.InferenceID(1), "Failed"),
		"no manifest":        failureOf(t, "x", "s3://"+s3test.Bucket+"/"+ref.ResultKey(1), ref.InferenceID(1), "Failed"),
		"no inference id":    failureOf(t, "x", location(m), "11111111-2222-3333-4444-555555555555", "Failed"),
		"another job's id":   failureOf(t, "x", location(m), other.Ref().InferenceID(1), "Failed"),
		"no such object":     failureOf(t, "x", location(m), ref.InferenceID(2), "Failed"),
		"deleted job":        failureOf(t, "x", location(gone), gone.Ref().InferenceID(1), "Failed"),
		"no JSON":            json.RawMessage(`{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"hello"}}]}`),
		"other bucket's":     json.RawMessage(`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"elsewhere"},"object":{"key":"` + ref.ResultKey(1) + `"}}}]}`),
		"removal":            json.RawMessage(`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectRemoved:Delete","s3":{"bucket":{"name":"` + s3test.Bucket + `"},"object":{"key":"` + ref.ResultKey(1) + `"}}}]}`),
		"test event":         json.RawMessage(`{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-01-01T00:00:00.000Z","Bucket":"b","RequestId":"r","HostId":"h"}`),
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(t, s.handler(nil), "request-1", event); err != nil {
				t.Fatal(err)
			}
			for _, m := range []*job.Manifest{m, other, gone} {
				snapshot, err := s.bucket.Snapshot(t.Context(), m.Ref())
				if err != nil {
					t.Fatal(err)
				}
				if len(snapshot.Results) > 0 || snapshot.Notice {
					t.Errorf("it left %+v", snapshot)
				}
			}
		})
	}
	if mails := s.mails(); len(mails) != 0 {
		t.Errorf("%d mails went out", len(mails))
	}
}

func TestEventOfAnUnknownKindIsAnError(t *testing.T) {
	s := newService(t)
	for _, event := range []string{`{}`, `[]`, `{"Records":[{"eventSource":"aws:sqs"}]}`, `{"Records":[7]}`} {
		if err := run(t, s.handler(nil), "request-1", json.RawMessage(event)); err == nil {
			t.Errorf("%s was taken", event)
		}
	}
}

func FuzzEventsOfTheErrorTopic(f *testing.F) {
	f.Add(`{"invocationStatus":"Failed","inferenceId":"x-1","requestParameters":{"inputLocation":"s3://b/users/u/output/j/job.json"}}`)
	f.Add(`{"invocationStatus":"Failed"}`)
	f.Add(`{`)
	f.Fuzz(func(t *testing.T, message string) {
		event, err := json.Marshal(map[string]any{"Records": []any{map[string]any{
			"EventSource": "aws:sns", "Sns": map[string]any{"Message": message},
		}}})
		if err != nil {
			t.Skip()
		}
		// A message of another application is dropped: no error, and no
		// call of a service.
		if err := offline().Handle(t.Context(), event); err != nil && !strings.Contains(err.Error(), "refused to call") {
			t.Errorf("%q is an error: %v", message, err)
		}
	})
}
