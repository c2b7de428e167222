package redrive

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"gen3d/cmd/gen3d/redact"
	"gen3d/internal/job"
)

// explain fills in function, event and reason from a message.
func (q *queue) explain(l *Letter, m types.Message) {
	body := []byte(aws.ToString(m.Body))
	attribute := func(name string) string { return aws.ToString(m.MessageAttributes[name].StringValue) }
	var failed failedInvocation
	var undelivered notification
	switch {
	case attribute("TARGET_ARN") != "":
		q.fromSchedule(l, body, attribute)
	case json.Unmarshal(body, &failed) == nil && failed.RequestContext.FunctionARN != "":
		failed.fill(l)
	case json.Unmarshal(body, &undelivered) == nil && undelivered.Type == "Notification":
		q.fromTopic(l, undelivered, attribute)
	default:
		l.Unsendable = unknownKind
	}
	if l.event != nil {
		l.About = about(l.event)
	}
	l.Reason = redact.Line(l.Reason, reasonLimit)
}

// failedInvocation is what Lambda sends to the destination of a function's
// failed events.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
type failedInvocation struct {
	RequestContext struct {
		FunctionARN            string `json:"functionArn"`
		Condition              string `json:"condition"`
		ApproximateInvokeCount int    `json:"approximateInvokeCount"`
	} `json:"requestContext"`
	RequestPayload  json.RawMessage `json:"requestPayload"`
	ResponsePayload struct {
		ErrorMessage string `json:"errorMessage"`
		ErrorType    string `json:"errorType"`
	} `json:"responsePayload"`
}

func (f *failedInvocation) fill(l *Letter) {
	l.Function, l.Attempts = functionName(f.RequestContext.FunctionARN), f.RequestContext.ApproximateInvokeCount
	l.Reason = f.RequestContext.Condition
	if said := f.ResponsePayload.ErrorMessage; said != "" {
		l.Reason += ": " + said
	} else if f.ResponsePayload.ErrorType != "" {
		l.Reason += ": " + f.ResponsePayload.ErrorType
	}
	if len(f.RequestPayload) == 0 {
		l.Unsendable = "it has no event"
		return
	}
	l.event = f.RequestPayload
}

// functionName returns the name in a function's ARN, which may end in a
// version: arn:aws:lambda:us-east-1:123456789012:function:NAME:$LATEST.
func functionName(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) < 7 {
		return arn
	}
	return parts[6]
}

// notification is a message of a topic, as SNS sends it to the dead-letter
// queue of a subscription.
// https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
type notification struct {
	Type              string
	MessageID         string `json:"MessageId"`
	TopicARN          string `json:"TopicArn"`
	Subject           string
	Message           string
	Timestamp         string
	SignatureVersion  string
	Signature         string
	SigningCertURL    string `json:"SigningCertURL"`
	UnsubscribeURL    string `json:"UnsubscribeURL"`
	MessageAttributes map[string]any
}

// fromTopic makes the event that SNS would have sent to Notify, the topic's only
// subscriber.
// https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
func (q *queue) fromTopic(l *Letter, n notification, attribute func(string) string) {
	l.Function = q.functions[1]
	l.Reason = strings.TrimSuffix("SNS could not deliver it: "+strings.TrimSpace(attribute("ErrorCode")+" "+attribute("ErrorMessage")), ": ")
	if n.MessageAttributes == nil {
		n.MessageAttributes = map[string]any{}
	}
	event, err := json.Marshal(map[string]any{"Records": []any{map[string]any{
		"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": n.TopicARN,
		"Sns": map[string]any{
			"Type": n.Type, "MessageId": n.MessageID, "TopicArn": n.TopicARN, "Subject": n.Subject, "Message": n.Message, "Timestamp": n.Timestamp,
			"SignatureVersion": n.SignatureVersion, "Signature": n.Signature, "SigningCertUrl": n.SigningCertURL, "UnsubscribeUrl": n.UnsubscribeURL,
			"MessageAttributes": n.MessageAttributes,
		},
	}}})
	if err != nil {
		l.Unsendable = unknownKind
		return
	}
	l.event = event
}

// fromSchedule describes a call that EventBridge Scheduler could not make: its
// body is the input of the target.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
func (q *queue) fromSchedule(l *Letter, body []byte, attribute func(string) string) {
	l.Function = functionName(attribute("TARGET_ARN"))
	l.Reason = strings.TrimSpace(attribute("ERROR_CODE") + " " + attribute("ERROR_MESSAGE"))
	if _, err := fmt.Sscan(attribute("RETRY_ATTEMPTS"), &l.Attempts); err != nil {
		l.Attempts = 0
	}
	l.event = []byte("{}")
	if attribute("IS_PAYLOAD_TRUNCATED") != "true" && json.Valid(body) {
		l.event = body
	}
}

// about says what an event is about.
func about(event []byte) string {
	var shape struct {
		Records []struct {
			EventSource string
			S3          events.S3Entity
			SNS         events.SNSEntity
		}
	}
	if json.Unmarshal(event, &shape) != nil || len(shape.Records) == 0 {
		return "schedule"
	}
	record := shape.Records[0]
	if record.SNS.Message != "" {
		var failure struct{ InferenceID, FailureReason string }
		if json.Unmarshal([]byte(record.SNS.Message), &failure) == nil && failure.InferenceID != "" {
			return "failed request " + failure.InferenceID
		}
		return "message of a topic"
	}
	key, err := url.QueryUnescape(record.S3.Object.Key)
	if err != nil {
		key = record.S3.Object.Key
	}
	if photo, err := job.ParsePhotoKey(key); err == nil && photo.Job != "" {
		return fmt.Sprintf("photo of job %s of %s", photo.Job, photo.User)
	}
	if output, err := job.ParseOutputKey(key); err == nil {
		return fmt.Sprintf("result %d of job %s of %s", output.Number, output.Job, output.User)
	}
	return "photo " + key
}
