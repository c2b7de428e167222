// Package instances reads the number of instances of the asynchronous endpoint
// and starts the first one, for the functions that queue work.
//
// An endpoint without an instance processes nothing until its scaling policy
// starts one, minutes after the first request, when the alarm on
// HasBacklogWithoutCapacity has changed its state. [Instances.Wake] asks for
// the instance at once. It is an acceleration only: if it fails, it is logged
// and counted, and the alarm starts the instance.
package instances

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/smithy-go"

	"gen3d/internal/endpointstate"
	"gen3d/internal/telemetry"
)

// SageMaker has the operations that this package calls. *sagemaker.Client
// implements it.
type SageMaker interface {
	DescribeEndpoint(context.Context, *sagemaker.DescribeEndpointInput, ...func(*sagemaker.Options)) (*sagemaker.DescribeEndpointOutput, error)
	UpdateEndpointWeightsAndCapacities(context.Context, *sagemaker.UpdateEndpointWeightsAndCapacitiesInput, ...func(*sagemaker.Options)) (*sagemaker.UpdateEndpointWeightsAndCapacitiesOutput, error)
}

// State is the state of the endpoint's instances.
type State int

// The states of the instances.
const (
	Missing  State = iota // the model is not deployed
	Stopped               // there is no instance, and one can be asked for
	Changing              // there is no instance, and the endpoint accepts no change now
	Starting              // an instance has been asked for
	Running               // an instance serves requests
)

// Services are the client and settings of [Instances].
type Services struct {
	SageMaker SageMaker
	Now       func() time.Time
	Log       *slog.Logger
	Metrics   *telemetry.Metrics
}

// Instances are the instances of one endpoint with one variant. It is safe for
// concurrent use.
type Instances struct {
	endpoint string
	s        Services

	mu      sync.Mutex
	state   State
	variant string
	readAt  time.Time // zero if the state must be read again
}

// New returns the instances of the endpoint with the given name.
func New(endpoint string, s Services) *Instances { return &Instances{endpoint: endpoint, s: s} }

const (
	// validFor is how long a state is reused, so that polls do not exceed the
	// rate of DescribeEndpoint.
	validFor = 5 * time.Second
	// wakeTimeout limits the time that a wake adds to the work of its caller.
	wakeTimeout = 3 * time.Second
)

// State returns the state of the instances, which is at most five seconds old.
func (i *Instances) State(ctx context.Context) (State, error) {
	state, _, err := i.read(ctx)
	return state, err
}

func (i *Instances) read(ctx context.Context) (State, string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if age := i.s.Now().Sub(i.readAt); !i.readAt.IsZero() && age >= 0 && age < validFor {
		return i.state, i.variant, nil
	}
	out, err := i.s.SageMaker.DescribeEndpoint(ctx, &sagemaker.DescribeEndpointInput{EndpointName: &i.endpoint})
	switch {
	case endpointstate.Missing(err):
		i.state, i.variant = Missing, ""
	case err != nil:
		return Missing, "", fmt.Errorf("describing endpoint %s: %w", i.endpoint, err)
	default:
		i.state, i.variant = stateOf(out)
	}
	i.readAt = i.s.Now()
	return i.state, i.variant, nil
}

// stateOf returns the state and the name of the variant.
func stateOf(out *sagemaker.DescribeEndpointOutput) (State, string) {
	var current, desired int32
	variant := ""
	for _, v := range out.ProductionVariants {
		current += aws.ToInt32(v.CurrentInstanceCount)
		desired += aws.ToInt32(v.DesiredInstanceCount)
		variant = aws.ToString(v.VariantName)
	}
	switch {
	case current > 0 && desired > 0:
		return Running, variant
	case desired > 0 || out.EndpointStatus == types.EndpointStatusCreating:
		return Starting, variant
	case current == 0 && out.EndpointStatus == types.EndpointStatusInService && variant != "":
		return Stopped, variant
	}
	return Changing, variant
}

// Wake asks for the first instance if there is none and none has been asked
// for. It reports whether it did. It returns no error, since the caller's work
// does not depend on it; a failure is logged and counted as WakesFailed.
func (i *Instances) Wake(ctx context.Context) (asked bool) {
	ctx, cancel := context.WithTimeout(ctx, wakeTimeout)
	defer cancel()
	asked, err := i.wake(ctx)
	switch {
	case err != nil:
		i.s.Log.WarnContext(ctx, "the first instance was not asked for; the alarm on the backlog starts it", "error", err.Error())
		i.count("WakesFailed")
	case asked:
		i.s.Log.InfoContext(ctx, "asked for the first instance")
		i.count("Wakes")
	}
	return asked
}

func (i *Instances) count(metric string) {
	i.s.Metrics.Emit(nil, telemetry.Metric{Name: metric, Unit: telemetry.Count, Value: 1})
}

func (i *Instances) wake(ctx context.Context) (asked bool, err error) {
	state, variant, err := i.read(ctx)
	if err != nil || state != Stopped {
		return false, err
	}
	_, err = i.s.SageMaker.UpdateEndpointWeightsAndCapacities(ctx, &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName: &i.endpoint,
		DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{
			{VariantName: &variant, DesiredInstanceCount: aws.Int32(1)},
		},
	})
	i.forget()
	if err == nil {
		return true, nil
	}
	if isInProgress(err) || endpointstate.Missing(err) { // another request or a deployment was faster
		return false, nil
	}
	return false, fmt.Errorf("asking for an instance of endpoint %s: %w", i.endpoint, err)
}

// forget makes the next call read the state again.
func (i *Instances) forget() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.readAt = time.Time{}
}

// messageInProgress is in the message of the ValidationException with which
// SageMaker refuses to change an endpoint that is being changed. It documents no
// error type for that.
// https://github.com/aws/amazon-sagemaker-operator-for-k8s/blob/828e611051d7481a11469fda74f368c05465989a/controllers/sdkutil/clientwrapper/sagemaker_client.go
const messageInProgress = "Cannot update in-progress endpoint"

func isInProgress(err error) bool {
	var answer smithy.APIError
	return errors.As(err, &answer) && answer.ErrorCode() == "ValidationException" && strings.Contains(answer.ErrorMessage(), messageInProgress)
}
