// Package standin answers the calls to AWS of the operators' commands in a
// test, over HTTP and in the protocols of the SDK: JSON, CBOR and REST. A test
// gives the operations; a call of any other fails it, as does a member that the
// operation's input does not have.
package standin

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// Operation answers a call.
type Operation func(body []byte) (any, *Fault)

// Fault is an error of a service.
type Fault struct {
	Status        int
	Code, Message string
}

// Strict returns an operation with the input T, which refuses other members.
func Strict[T any](answer func(T) (any, *Fault)) Operation {
	return func(body []byte) (any, *Fault) {
		var in T
		decoder := json.NewDecoder(strings.NewReader(string(body)))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&in); err != nil {
			return nil, &Fault{http.StatusBadRequest, "SerializationException", err.Error()}
		}
		return answer(in)
	}
}

// Time is a time in an answer: seconds since 1970 in each protocol.
type Time time.Time

// MarshalJSON implements [json.Marshaler].
func (t Time) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%.3f", float64(time.Time(t).UnixMilli())/1000), nil
}

// AWS is the services of a test.
type AWS struct {
	t          testing.TB
	url        string
	mux        *http.ServeMux
	mu         sync.Mutex
	operations map[string]Operation
	denied     string
	calls      []string
}

// New starts services without operations.
func New(t testing.TB) *AWS {
	a := &AWS{t: t, mux: http.NewServeMux(), operations: map[string]Operation{}}
	a.mux.HandleFunc("/", a.ServeTarget)
	server := httptest.NewServer(a.mux)
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

// URL returns the address of all services.
func (a *AWS) URL() string { return a.url }

// On adds an operation by the service's and its own name, such as
// AmazonSQS.ReceiveMessage.
func (a *AWS) On(name string, answer Operation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.operations[name] = answer
}

// Deny makes the credentials those that do not allow an operation, by its own
// name.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func (a *AWS) Deny(operation string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.denied = operation
}

// Handle adds a REST operation by the pattern of [http.ServeMux].
func (a *AWS) Handle(pattern string, answer http.HandlerFunc) {
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		a.note(r.Method + " " + r.URL.Path)
		answer(w, r)
	})
}

// Calls returns the calls so far.
func (a *AWS) Calls() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.calls)
}

func (a *AWS) note(call string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, call)
}

// ServeTarget answers a call whose operation is in a header, or in a path of the
// CBOR protocol.
func (a *AWS) ServeTarget(w http.ResponseWriter, r *http.Request) {
	name, binary := r.Header.Get("X-Amz-Target"), false
	if path, ok := strings.CutPrefix(r.URL.Path, "/service/"); ok {
		name, binary = strings.Replace(path, "/operation/", ".", 1), true
	}
	a.note(name)
	a.mu.Lock()
	answer := a.operations[name]
	if a.denied != "" && strings.HasSuffix(name, "."+a.denied) {
		answer = func([]byte) (any, *Fault) {
			return nil, &Fault{http.StatusBadRequest, "AccessDeniedException", "not authorized to perform: " + a.denied}
		}
	}
	a.mu.Unlock()
	if answer == nil {
		a.t.Errorf("AWS is asked for %s %s %s, which the test does not expect", r.Method, r.URL, name)
		Refuse(w, http.StatusBadRequest, "UnknownOperationException", "not in this test")
		return
	}
	body, err := io.ReadAll(r.Body)
	if err == nil && binary {
		body, err = toJSON(body)
	}
	if err != nil {
		a.t.Errorf("reading a call of %s: %v", name, err)
	}
	out, fault := answer(body)
	if fault != nil && fault.Code == "SerializationException" {
		a.t.Errorf("%s: %s", name, fault.Message)
	}
	switch {
	case binary:
		w.Header().Set("Content-Type", "application/cbor")
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		if fault != nil {
			w.WriteHeader(fault.Status)
			out = map[string]any{"__type": fault.Code, "message": fault.Message}
		}
		_, _ = w.Write(cbor.Encode(fromGo(out)))
	case fault != nil:
		Refuse(w, fault.Status, fault.Code, fault.Message)
	default:
		Reply(w, out)
	}
}

// Reply answers a REST or JSON call.
func Reply(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document)
}

// Refuse answers a REST or JSON call with a fault.
func Refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", code)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
}

// Identity answers GetCallerIdentity, or refuses it with an error code.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func Identity(w http.ResponseWriter, account, refusal string) {
	w.Header().Set("Content-Type", "text/xml")
	if refusal != "" {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>refused</Message></Error></ErrorResponse>", refusal)
		return
	}
	fmt.Fprintf(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::%s:user/x</Arn><UserId>x</UserId><Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>", account, account)
}

// Stack makes the services those of a stack with the given outputs: it sets the
// variables of the SDK, and the PATH to a folder with only a pulumi command that
// prints outputs and settings.
func (a *AWS) Stack(outputs, settings map[string]string) {
	a.t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": a.url, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "",
		"AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_REGION": "us-east-1",
	} {
		a.setenv(name, value)
	}
	config := map[string]any{}
	for key, value := range settings {
		config[key] = map[string]any{"value": value, "secret": false}
	}
	folder := a.t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\ncase \"$*\" in\n\"stack output\"*) cat %[1]s/outputs;;\n\"config --json\"*) cat %[1]s/settings;;\n*) echo \"called with $*\" >&2; exit 9;;\nesac\n", folder)
	for name, content := range map[string][]byte{"outputs": encode(outputs), "settings": encode(config), "pulumi": []byte(script)} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o755); err != nil {
			a.t.Fatal(err)
		}
	}
	a.setenv("PATH", folder+":/usr/bin:/bin")
}

func (a *AWS) setenv(name, value string) {
	if t, ok := a.t.(interface{ Setenv(string, string) }); ok {
		t.Setenv(name, value)
	}
}

func encode(v any) []byte {
	data, _ := json.Marshal(v) // strings only
	return data
}

// Outputs are the outputs of a stack called dev.
func Outputs() map[string]string {
	return map[string]string{
		"region": "us-east-1", "websiteUrl": "https://d1.cloudfront.net", "dataBucket": "gen3d-local-data", "modelBucket": "gen3d-dev-model-123456789012",
		"userPoolId": "us-east-1_pool", "userPoolClientId": "page", "endpointName": "Gen3DSAMAsyncEndpoint-dev", "endpointConfigName": "config-2",
		"extractFunction": "Gen3DExtractLambda-dev", "notifyFunction": "Gen3DNotifyLambda-dev", "apiFunction": "Gen3DApiLambda-dev", "sweepFunction": "Gen3DSweepLambda-dev",
		"deadLetterQueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/Gen3DDeadLetters-dev", "alarmTopicArn": "arn:aws:sns:us-east-1:123456789012:Gen3DAlarms-dev",
	}
}
