package redrive_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"gen3d/cmd/gen3d/redrive"
	"gen3d/local/functions"
	"gen3d/tests/support/command"
	"gen3d/tests/support/standin"
)

const photoEvent = `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Post","s3":{"bucket":{"name":"b"},"object":{"key":"users/ann/input/7zzzzzzzzz0123456789abcdef/my+cat.jpg"}}}]}`

// message is a message of the queue.
type message struct {
	id, body   string
	attributes map[string]string
	hidden     bool
}

// The kinds of messages, as AWS documents them.
var messages = []message{
	{id: "m-lambda", body: `{"version":"1.0","timestamp":"2026-01-02T03:04:05.678Z",
		"requestContext":{"requestId":"r","functionArn":"arn:aws:lambda:us-east-1:123456789012:function:Gen3DExtractLambda-dev:$LATEST","condition":"RetriesExhausted","approximateInvokeCount":3},
		"requestPayload":` + photoEvent + `,"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},
		"responsePayload":{"errorMessage":"reading the user ann@example.com: timeout","errorType":"errorString"}}`},
	{id: "m-sns", body: `{"Type":"Notification","MessageId":"n1","TopicArn":"arn:aws:sns:us-east-1:123456789012:Gen3DSAMError-dev",
		"Message":"{\"inferenceId\":\"7zzzzzzzzz0123456789abcdef-2\",\"failureReason\":\"expired\"}","Timestamp":"2026-01-02T03:04:05.678Z","SignatureVersion":"1","Signature":"s","SigningCertURL":"https://c","UnsubscribeURL":"https://u"}`,
		attributes: map[string]string{"ErrorCode": "403", "ErrorMessage": "access denied"}},
	{id: "m-schedule", body: `{}`, attributes: map[string]string{
		"TARGET_ARN": "arn:aws:lambda:us-east-1:123456789012:function:Gen3DSweepLambda-dev", "ERROR_CODE": "AWS.Scheduler.InternalServerError", "ERROR_MESSAGE": "try later", "RETRY_ATTEMPTS": "3"}},
	{id: "m-other", body: `hello`},
	{id: "m-foreign", body: `{"requestContext":{"functionArn":"arn:aws:lambda:us-east-1:123456789012:function:Someone","condition":"RetriesExhausted"},"requestPayload":{}}`},
}

// service plays the queue and Lambda.
type service struct {
	*standin.AWS
	queue   []*message
	invoked []string // function and event
	refuse  bool     // invocations
}

func newService(t *testing.T, among ...message) *service {
	s := &service{AWS: standin.New(t)}
	for _, m := range among {
		s.queue = append(s.queue, &m)
	}
	s.On("AmazonSQS.ReceiveMessage", standin.Strict(s.receive))
	s.On("AmazonSQS.DeleteMessage", standin.Strict(s.remove))
	s.On("AmazonSQS.ChangeMessageVisibilityBatch", standin.Strict(s.show))
	s.Handle("POST /2015-03-31/functions/{name}/invocations", s.invoke)
	s.Stack(standin.Outputs(), nil)
	return s
}

func invalid(format string, args ...any) *standin.Fault {
	return &standin.Fault{Status: http.StatusBadRequest, Code: "InvalidParameterValue", Message: fmt.Sprintf(format, args...)}
}

// receive hands out two messages a call.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
func (s *service) receive(in struct {
	QueueUrl                                                string
	MaxNumberOfMessages, VisibilityTimeout, WaitTimeSeconds int
	MessageSystemAttributeNames, MessageAttributeNames      []string
}) (any, *standin.Fault) {
	if in.MaxNumberOfMessages < 1 || in.MaxNumberOfMessages > 10 || in.VisibilityTimeout > 43200 || in.WaitTimeSeconds > 20 || !strings.HasSuffix(in.QueueUrl, "/Gen3DDeadLetters-dev") {
		return nil, invalid("%+v", in)
	}
	var out []any
	for _, m := range s.queue {
		if m.hidden || len(out) == 2 {
			continue
		}
		m.hidden = true
		attributes := map[string]any{}
		for name, value := range m.attributes {
			attributes[name] = map[string]string{"DataType": "String", "StringValue": value}
		}
		out = append(out, map[string]any{
			"MessageId": m.id, "ReceiptHandle": "receipt of " + m.id, "Body": m.body, "MessageAttributes": attributes,
			"Attributes": map[string]string{"SentTimestamp": fmt.Sprint(time.Now().Add(-time.Hour).UnixMilli())},
		})
	}
	return map[string]any{"Messages": out}, nil
}

func (s *service) find(receipt string) *message {
	for _, m := range s.queue {
		if receipt == "receipt of "+m.id && m.hidden {
			return m
		}
	}
	return nil
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
func (s *service) remove(in struct{ QueueUrl, ReceiptHandle string }) (any, *standin.Fault) {
	m := s.find(in.ReceiptHandle)
	if m == nil {
		return nil, invalid("no such receipt")
	}
	s.queue = slices.DeleteFunc(s.queue, func(o *message) bool { return o == m })
	return map[string]any{}, nil
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html
func (s *service) show(in struct {
	QueueUrl string
	Entries  []struct {
		Id, ReceiptHandle string
		VisibilityTimeout int
	}
}) (any, *standin.Fault) {
	ids := map[string]bool{}
	for _, e := range in.Entries {
		m := s.find(e.ReceiptHandle)
		if m == nil || ids[e.Id] || e.VisibilityTimeout != 0 || len(in.Entries) > 10 {
			return nil, invalid("%+v", e)
		}
		ids[e.Id], m.hidden = true, false
	}
	return map[string]any{"Successful": []any{}, "Failed": []any{}}, nil
}

// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
func (s *service) invoke(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if s.refuse || r.Header.Get("X-Amz-Invocation-Type") != "Event" || !json.Valid(body) {
		standin.Refuse(w, http.StatusForbidden, "AccessDeniedException", "not authorized to perform lambda:InvokeFunction")
		return
	}
	s.invoked = append(s.invoked, r.PathValue("name")+" "+string(body))
	w.WriteHeader(http.StatusAccepted)
}

func (s *service) run(t *testing.T, args ...string) command.Result {
	t.Helper()
	result := command.Run(t, &redrive.Commands{}, "", append(args, "--stack", "dev")...)
	for _, m := range s.queue {
		if m.hidden {
			t.Errorf("%v: %s stays hidden", args, m.id)
		}
	}
	return result
}

func TestListExplainsEachKind(t *testing.T) {
	s := newService(t, messages...)
	result := s.run(t, "list")
	if result.Failure != nil {
		t.Fatal(result.Failure)
	}
	for i, want := range [][]string{
		{"m-lambda", "Gen3DExtractLambda-dev", "photo of job 7zzzzzzzzz0123456789abcdef of ann", "1h0m", "3", "RetriesExhausted: reading the user (address): timeout"},
		{"m-sns", "Gen3DNotifyLambda-dev", "failed request 7zzzzzzzzz0123456789abcdef-2", "SNS could not deliver it: 403 access denied"},
		{"m-schedule", "Gen3DSweepLambda-dev", "schedule", "3", "AWS.Scheduler.InternalServerError try later"},
		{"m-other", "its form is not one"},
		{"m-foreign", "Someone", "for a function that is not the stack's"},
	} {
		line := strings.Split(result.Out, "\n")[i+1]
		for _, part := range want {
			if !strings.Contains(line, part) {
				t.Errorf("%q is not in %q", part, line)
			}
		}
	}
	var letters []redrive.Letter
	if err := json.Unmarshal([]byte(s.run(t, "list", "--json").Out), &letters); err != nil || len(letters) != len(messages) || letters[0].Attempts != 3 {
		t.Errorf("%v, %+v", err, letters)
	}
}

func TestSendInvokesTheFunctionAndDeletesTheMessage(t *testing.T) {
	s := newService(t, messages...)
	result := s.run(t, "send", "m-lambda", "m-sns")
	if result.Failure != nil || len(s.invoked) != 2 || len(s.queue) != 3 {
		t.Fatalf("%+v, invoked %q", result, s.invoked)
	}
	if s.invoked[0] != "Gen3DExtractLambda-dev "+photoEvent {
		t.Errorf("invoked %s", s.invoked[0])
	}
	for _, part := range []string{"Gen3DNotifyLambda-dev ", `"EventSource":"aws:sns"`, `"TopicArn":"arn:aws:sns:us-east-1:123456789012:Gen3DSAMError-dev"`, `\"failureReason\":\"expired\"`} {
		if !strings.Contains(s.invoked[1], part) {
			t.Errorf("%q is not in %s", part, s.invoked[1])
		}
	}
	result = s.run(t, "send", "--all")
	if result.Failure == nil || !strings.Contains(result.Failure.Error(), "2 dead letters cannot be sent") || len(s.queue) != 2 || s.invoked[2] != "Gen3DSweepLambda-dev {}" {
		t.Errorf("%+v, invoked %q", result, s.invoked)
	}
	if result := s.run(t, "send", "m-lambda"); result.Failure == nil || !strings.Contains(result.Failure.Error(), "there is no dead letter m-lambda") {
		t.Errorf("twice: %v", result.Failure)
	}
	if result := s.run(t, "send"); result.Failure == nil || !strings.Contains(result.Failure.Error(), "give IDs, or --all") {
		t.Errorf("none: %v", result.Failure)
	}
}

func TestALetterThatCannotBeSentStays(t *testing.T) {
	s := newService(t, messages[:1]...)
	s.refuse = true
	if result := s.run(t, "send", "--all", "--function", "extract"); result.Failure == nil || !strings.Contains(result.Failure.Error(), "lambda:InvokeFunction") || len(s.queue) != 1 {
		t.Errorf("%+v, %d messages", result, len(s.queue))
	}
	s.refuse = false
	if result := s.run(t, "send", "--all", "--function", "notify"); result.Failure != nil || len(s.queue) != 1 {
		t.Errorf("of another function: %+v", result)
	}
}

func TestLettersOfThisMachine(t *testing.T) {
	dead := []functions.DeadLetter{{ID: 7, Function: "extract", Payload: []byte(photoEvent), Attempts: 3, Error: "no endpoint", FailedAt: time.Now()}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /operations.json", func(w http.ResponseWriter, _ *http.Request) {
		standin.Reply(w, map[string]any{"endpoint": map[string]int{"waiting": 0, "processing": 0}, "deadLetters": dead})
	})
	mux.HandleFunc("POST /operations/dead-letters/{id}/redrive", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") != "7" || len(dead) == 0 {
			http.Error(w, "There is no such dead letter.", http.StatusNotFound)
			return
		}
		dead = nil
		http.Redirect(w, r, "/operations", http.StatusSeeOther)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	run := func(args ...string) command.Result {
		return command.Run(t, &redrive.Commands{}, "", append(args, "--against", "local", "--url", server.URL)...)
	}
	if result := run("list"); result.Failure != nil || !strings.Contains(result.Out, "photo of job 7zzzzzzzzz0123456789abcdef of ann") || !strings.Contains(result.Out, "no endpoint") {
		t.Errorf("%+v", result)
	}
	if result := run("send", "7"); result.Failure != nil || len(dead) > 0 {
		t.Errorf("%+v", result)
	}
	if result := run("list"); result.Failure != nil || !strings.Contains(result.Err, "There are no dead letters.") {
		t.Errorf("%+v", result)
	}
	server.Close()
	if result := run("list"); result.Failure == nil || !strings.Contains(result.Failure.Error(), "is `gen3d local` running?") {
		t.Errorf("%v", result.Failure)
	}
}
