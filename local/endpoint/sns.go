package endpoint

import (
	"encoding/json"
	"fmt"
	"time"
)

// message is SageMaker's notification of a finished request.
// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html
type message struct {
	AWSRegion          string              `json:"awsRegion"`
	EventTime          string              `json:"eventTime"`
	ReceivedTime       string              `json:"receivedTime"`
	InvocationStatus   string              `json:"invocationStatus"` // Completed or Failed
	FailureReason      string              `json:"failureReason,omitempty"`
	RequestParameters  requestParameters   `json:"requestParameters"`
	ResponseParameters *responseParameters `json:"responseParameters,omitempty"`
	InferenceID        string              `json:"inferenceId"`
	EventVersion       string              `json:"eventVersion"`
	EventSource        string              `json:"eventSource"`
	EventName          string              `json:"eventName"`
}

type requestParameters struct {
	Accept        string `json:"accept,omitempty"`
	ContentType   string `json:"contentType,omitempty"`
	EndpointName  string `json:"endpointName"`
	InputLocation string `json:"inputLocation"`
}

type responseParameters struct {
	ContentType    string `json:"contentType"`
	OutputLocation string `json:"outputLocation"`
}

// snsEvent is the event of a Lambda function that is subscribed to a topic.
// https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
type snsEvent struct {
	Records []snsRecord `json:"Records"`
}

type snsRecord struct {
	EventSource          string    `json:"EventSource"`
	EventVersion         string    `json:"EventVersion"`
	EventSubscriptionARN string    `json:"EventSubscriptionArn"`
	SNS                  snsEntity `json:"Sns"`
}

type snsEntity struct {
	Type              string         `json:"Type"`
	MessageID         string         `json:"MessageId"`
	TopicARN          string         `json:"TopicArn"`
	Subject           *string        `json:"Subject"` // not set by SageMaker
	Message           string         `json:"Message"`
	Timestamp         string         `json:"Timestamp"`
	SignatureVersion  string         `json:"SignatureVersion"`
	Signature         string         `json:"Signature"`
	SigningCertURL    string         `json:"SigningCertUrl"`
	UnsubscribeURL    string         `json:"UnsubscribeUrl"`
	MessageAttributes map[string]any `json:"MessageAttributes"`
}

// unsigned replaces SNS's signature, as in Lambda's sample event: a function
// gets the event from Lambda and does not verify the signature.
const unsigned = "EXAMPLE"

// timestamp formats a time as SNS and SageMaker do.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// event returns the event with the message for the topic's subscriber.
func (e *Endpoint) event(topic string, m message) ([]byte, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("writing the message of request %s: %w", m.InferenceID, err)
	}
	return json.Marshal(snsEvent{Records: []snsRecord{{
		EventSource:          "aws:sns",
		EventVersion:         "1.0",
		EventSubscriptionARN: topic + ":" + subscription,
		SNS: snsEntity{
			Type: "Notification", MessageID: e.deps.NewID(), TopicARN: topic,
			Message: string(text), Timestamp: timestamp(e.deps.Now()),
			SignatureVersion: "1", Signature: unsigned, SigningCertURL: unsigned, UnsubscribeURL: unsigned,
			MessageAttributes: map[string]any{},
		},
	}}})
}

// subscription is the last part of the ARN of a topic's only subscription.
const subscription = "00000000-0000-4000-8000-000000000000"

// message returns the parts that success and failure messages have in common.
func (e *Endpoint) message(r *request, status string) message {
	return message{
		AWSRegion: e.cfg.Region, EventTime: timestamp(e.deps.Now()), ReceivedTime: timestamp(r.ReceivedAt),
		InvocationStatus: status,
		RequestParameters: requestParameters{
			Accept: r.Accept, ContentType: r.ContentType, EndpointName: e.cfg.Name, InputLocation: r.InputLocation,
		},
		InferenceID: r.InferenceID, EventVersion: "1.0", EventSource: "aws:sagemaker", EventName: "InferenceResult",
	}
}
