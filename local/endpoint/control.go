package endpoint

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// TargetPrefix is the prefix of the header X-Amz-Target in requests to
// SageMaker's API, which all have the path "/".
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
const TargetPrefix = "SageMaker."

// variant is the name of the endpoint's only production variant.
const variant = "sam3d"

// Control serves DescribeEndpoint and UpdateEndpointWeightsAndCapacities of
// SageMaker's API.
func (e *Endpoint) Control() http.Handler { return http.HandlerFunc(e.control) }

func (e *Endpoint) control(w http.ResponseWriter, r *http.Request) {
	operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), TargetPrefix)
	serve := map[string]func(http.ResponseWriter, *controlRequest){
		"DescribeEndpoint": e.describe, "UpdateEndpointWeightsAndCapacities": e.update,
	}[operation]
	if !ok || serve == nil || r.Method != http.MethodPost {
		invalidControl(w, "UnknownOperationException", fmt.Sprintf("%q is not an operation that is supported here.", r.Header.Get("X-Amz-Target")))
		return
	}
	asked := new(controlRequest)
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(asked); err != nil {
		invalidControl(w, "SerializationException", err.Error())
		return
	}
	if !endpointName.MatchString(asked.EndpointName) {
		invalidControl(w, "ValidationException", invalid("endpointName", asked.EndpointName, "Member must satisfy regular expression pattern: "+endpointName.String()).Error())
		return
	}
	if asked.EndpointName != e.cfg.Name {
		// https://github.com/aws/amazon-sagemaker-examples/issues/2402
		invalidControl(w, "ValidationException", fmt.Sprintf("Could not find endpoint %q.", e.arn(asked.EndpointName)))
		return
	}
	serve(w, asked)
}

// controlRequest has the members of both operations.
type controlRequest struct {
	EndpointName                string
	DesiredWeightsAndCapacities []struct {
		VariantName          string
		DesiredInstanceCount *int
		DesiredWeight        *float64
	}
}

// variantSummary is a ProductionVariantSummary.
type variantSummary struct {
	VariantName                                string
	CurrentInstanceCount, DesiredInstanceCount int
	CurrentWeight, DesiredWeight               float64
}

// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
func (e *Endpoint) describe(w http.ResponseWriter, _ *controlRequest) {
	current, desired, changedAt := e.scaling.counts()
	status := "InService"
	if current != desired {
		status = "Updating"
	}
	answerControl(w, http.StatusOK, map[string]any{
		"EndpointName": e.cfg.Name, "EndpointArn": e.arn(e.cfg.Name), "EndpointConfigName": e.cfg.Name, "EndpointStatus": status,
		"CreationTime": seconds1970(e.createdAt), "LastModifiedTime": seconds1970(changedAt),
		"ProductionVariants": []variantSummary{{
			VariantName: variant, CurrentInstanceCount: current, DesiredInstanceCount: desired, CurrentWeight: 1, DesiredWeight: 1,
		}},
	})
}

// update changes the number of instances. The service's maximum is one.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpointWeightsAndCapacities.html
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DesiredWeightAndCapacity.html
// https://github.com/aws/amazon-sagemaker-operator-for-k8s/blob/828e611051d7481a11469fda74f368c05465989a/controllers/sdkutil/clientwrapper/sagemaker_client.go
func (e *Endpoint) update(w http.ResponseWriter, asked *controlRequest) {
	if len(asked.DesiredWeightsAndCapacities) == 0 {
		invalidControl(w, "ValidationException", invalid("desiredWeightsAndCapacities", "[]", "Member must have length greater than or equal to 1").Error())
		return
	}
	wanted := asked.DesiredWeightsAndCapacities[0]
	switch n := wanted.DesiredInstanceCount; {
	case len(asked.DesiredWeightsAndCapacities) > 1 || wanted.VariantName != variant:
		invalidControl(w, "ValidationException", fmt.Sprintf("The endpoint has no variant but %q.", variant))
	case n == nil:
		invalidControl(w, "ValidationException", "The variant's DesiredInstanceCount is missing; its weight cannot be changed here.")
	case *n < 0:
		invalidControl(w, "ValidationException", invalid("desiredInstanceCount", fmt.Sprint(*n), "Member must have value greater than or equal to 0").Error())
	case *n > 1:
		invalidControl(w, "ResourceLimitExceeded", "The quota of instances is 1.")
	case !e.scaling.ask(*n, e.deps.Now()):
		invalidControl(w, "ValidationException", fmt.Sprintf("Cannot update in-progress endpoint %q.", e.arn(e.cfg.Name)))
	default:
		answerControl(w, http.StatusOK, map[string]any{"EndpointArn": e.arn(e.cfg.Name)})
	}
}

// arn returns the ARN of an endpoint, which contains its name in lowercase.
func (e *Endpoint) arn(name string) string {
	return strings.Join([]string{"arn", "aws", "sagemaker", e.cfg.Region, e.cfg.Account, "endpoint/" + strings.ToLower(name)}, ":")
}

// seconds1970 formats a time as the protocol does.
func seconds1970(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// invalidControl writes an error of the protocol.
func invalidControl(w http.ResponseWriter, kind, message string) {
	answerControl(w, http.StatusBadRequest, map[string]any{"__type": kind, "message": message})
}

func answerControl(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
