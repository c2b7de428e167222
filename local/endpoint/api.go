package endpoint

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// request is an accepted InvokeEndpointAsync call, as stored in the queue.
type request struct {
	InferenceID      string    `json:"inferenceId"`
	OutputID         string    `json:"outputId"` // the UUID in the output's name
	InputLocation    string    `json:"inputLocation"`
	ContentType      string    `json:"contentType,omitempty"`
	Accept           string    `json:"accept,omitempty"`
	CustomAttributes string    `json:"customAttributes,omitempty"`
	TTLSeconds       int       `json:"requestTTLSeconds"`
	TimeoutSeconds   int       `json:"invocationTimeoutSeconds"`
	ReceivedAt       time.Time `json:"receivedAt"`
}

func (r *request) expiresAt() time.Time {
	return r.ReceivedAt.Add(time.Duration(r.TTLSeconds) * time.Second)
}

func (r *request) timeout() time.Duration { return time.Duration(r.TimeoutSeconds) * time.Second }

// Headers of the API; some are also the container's.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointAsync.html
const (
	headerContentType      = "X-Amzn-SageMaker-Content-Type"
	headerAccept           = "X-Amzn-SageMaker-Accept"
	headerCustomAttributes = "X-Amzn-SageMaker-Custom-Attributes"
	headerInferenceID      = "X-Amzn-SageMaker-Inference-Id"
	headerInputLocation    = "X-Amzn-SageMaker-InputLocation"
	headerTTL              = "X-Amzn-SageMaker-RequestTTLSeconds"
	headerTimeout          = "X-Amzn-SageMaker-InvocationTimeoutSeconds"
	headerOutputLocation   = "X-Amzn-SageMaker-OutputLocation"
	headerFailureLocation  = "X-Amzn-SageMaker-FailureLocation"
)

// The API's constraints and defaults.
var (
	endpointName   = regexp.MustCompile(`^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$`)
	inferenceID    = regexp.MustCompile(`^[!-~][ -~]{0,63}$`)
	inputLocation  = regexp.MustCompile(`^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+$`)
	printableASCII = regexp.MustCompile(`^[ -~]*$`)
)

const (
	defaultTTL     = 21600
	minTTL, maxTTL = 60, 21600
	defaultTimeout = 900
	maxTimeout     = 3600
	maxLocation    = 1024
)

// Handler serves InvokeEndpointAsync: POST /endpoints/{name}/async-invocations.
func (e *Endpoint) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /endpoints/{name}/async-invocations", e.invokeAsync)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, "UnknownOperationException", "", fmt.Sprintf("%s %s is not an operation of this endpoint; it supports InvokeEndpointAsync.", r.Method, r.URL.Path))
	})
	return mux
}

func (e *Endpoint) invokeAsync(w http.ResponseWriter, r *http.Request) {
	if name := r.PathValue("name"); name != e.cfg.Name {
		refuse(w, http.StatusBadRequest, "ValidationError", "NO_SUCH_ENDPOINT",
			fmt.Sprintf("Endpoint %s of account %s not found.", name, e.cfg.Account))
		return
	}
	req, err := e.read(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "ValidationError", "", err.Error())
		return
	}
	payload, err := json.Marshal(req)
	if err == nil {
		_, err = e.queue.Enqueue(payload, 0)
	}
	if err != nil {
		e.deps.Log.ErrorContext(r.Context(), "request not queued", "inferenceId", req.InferenceID, "error", err)
		refuse(w, http.StatusInternalServerError, "InternalFailure", "", "The request could not be queued; try again.")
		return
	}
	w.Header().Set(headerOutputLocation, e.outputOf(req).String())
	w.Header().Set(headerFailureLocation, e.failureOf(req).String())
	answer(w, http.StatusAccepted, map[string]string{"InferenceId": req.InferenceID})
}

func (e *Endpoint) outputOf(r *request) location  { return e.output.join(r.OutputID + ".out") }
func (e *Endpoint) failureOf(r *request) location { return e.failure.join(r.OutputID + "-error.out") }

// read returns the request of a call's headers. Its errors are validation
// errors of the API.
func (e *Endpoint) read(r *http.Request) (*request, error) {
	h := r.Header
	req := &request{
		InferenceID:      h.Get(headerInferenceID),
		OutputID:         e.deps.NewID(),
		InputLocation:    h.Get(headerInputLocation),
		ContentType:      h.Get(headerContentType),
		Accept:           h.Get(headerAccept),
		CustomAttributes: h.Get(headerCustomAttributes),
		ReceivedAt:       e.deps.Now().UTC(),
	}
	if req.InferenceID == "" {
		req.InferenceID = e.deps.NewID()
	}
	if r.ContentLength > 0 {
		return nil, invalid("body", "", "Member must be empty: this endpoint takes its input from InputLocation only")
	}
	for _, check := range []struct {
		member, value string
		pattern       *regexp.Regexp
	}{
		{"inferenceId", req.InferenceID, inferenceID},
		{"inputLocation", req.InputLocation, inputLocation},
		{"contentType", req.ContentType, printableASCII},
		{"accept", req.Accept, printableASCII},
		{"customAttributes", req.CustomAttributes, printableASCII},
	} {
		if len(check.value) > maxLocation {
			return nil, invalid(check.member, check.value[:64]+"…", fmt.Sprintf("Member must have length less than or equal to %d", maxLocation))
		}
		if !check.pattern.MatchString(check.value) {
			return nil, invalid(check.member, check.value, "Member must satisfy regular expression pattern: "+check.pattern.String())
		}
	}
	var err error
	if req.TTLSeconds, err = seconds(h, headerTTL, "requestTTLSeconds", defaultTTL, minTTL, maxTTL); err != nil {
		return nil, err
	}
	if req.TimeoutSeconds, err = seconds(h, headerTimeout, "invocationTimeoutSeconds", defaultTimeout, 1, maxTimeout); err != nil {
		return nil, err
	}
	return req, nil
}

func seconds(h http.Header, header, member string, defaultValue, least, most int) (int, error) {
	text := h.Get(header)
	if text == "" {
		return defaultValue, nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return 0, invalid(member, text, "Member must be an integer")
	case n < least:
		return 0, invalid(member, text, fmt.Sprintf("Member must have value greater than or equal to %d", least))
	case n > most:
		return 0, invalid(member, text, fmt.Sprintf("Member must have value less than or equal to %d", most))
	}
	return n, nil
}

func invalid(member, value, constraint string) error {
	return fmt.Errorf("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, constraint)
}

// refuse writes an error of the REST-JSON protocol.
// https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization
func refuse(w http.ResponseWriter, status int, kind, code, message string) {
	w.Header().Set("X-Amzn-ErrorType", kind)
	body := map[string]string{"Message": message}
	if code != "" {
		body["ErrorCode"] = code
	}
	answer(w, status, body)
}

func answer(w http.ResponseWriter, status int, body map[string]string) {
	data, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings always marshal
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(status)
	_, _ = w.Write(data)
}
