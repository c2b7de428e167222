// Package instances reads the number of instances of the asynchronous endpoint
// and starts the first one, for the functions that queue work or show it.
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

// Status is the state of the instances, and how many serve requests.
type Status struct {
	State   State
	Serving int // 0 unless the state is Running
}

// Services are the client and settings of [Instances].
type Services struct {
	SageMaker SageMaker
	Now       func() time.Time
	Log       *slog.Logger
	Metrics   *telemetry.Metrics
	// Asked, if not nil, is called with the time at which the first instance
	// was asked for. A failure is logged.
	Asked func(context.Context, time.Time) error
	// WakeTimeout limits the time that a wake adds to the work of its caller. 0
	// means three seconds.
	WakeTimeout time.Duration
}

// Instances are the instances of one endpoint with one variant. It is safe for
// concurrent use.
type Instances struct {
	endpoint string
	s        Services

	mu      sync.Mutex
	status  Status
	variant string
	readAt  time.Time // zero if the status must be read again
}

// New returns the instances of the endpoint with the given name.
func New(endpoint string, s Services) *Instances {
	if s.WakeTimeout == 0 {
		s.WakeTimeout = defaultWakeTimeout
	}
	return &Instances{endpoint: endpoint, s: s}
}

const (
	// validFor is how long a status is reused, so that polls do not exceed the
	// rate of DescribeEndpoint.
	validFor           = 5 * time.Second
	defaultWakeTimeout = 3 * time.Second
)

// Status returns the status of the instances, which is at most five seconds old.
func (i *Instances) Status(ctx context.Context) (Status, error) {
	status, _, err := i.read(ctx)
	return status, err
}

func (i *Instances) read(ctx context.Context) (Status, string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if age := i.s.Now().Sub(i.readAt); !i.readAt.IsZero() && age >= 0 && age < validFor {
		return i.status, i.variant, nil
	}
	out, err := i.s.SageMaker.DescribeEndpoint(ctx, &sagemaker.DescribeEndpointInput{EndpointName: &i.endpoint})
	switch {
	case endpointstate.Missing(err):
		i.status, i.variant = Status{State: Missing}, ""
	case err != nil:
		return Status{}, "", fmt.Errorf("describing endpoint %s: %w", i.endpoint, err)
	default:
		i.status, i.variant = statusOf(out)
	}
	i.readAt = i.s.Now()
	return i.status, i.variant, nil
}

// statusOf returns the status and the name of the variant.
func statusOf(out *sagemaker.DescribeEndpointOutput) (Status, string) {
	var current, desired int32
	variant := ""
	for _, v := range out.ProductionVariants {
		current += aws.ToInt32(v.CurrentInstanceCount)
		desired += aws.ToInt32(v.DesiredInstanceCount)
		variant = aws.ToString(v.VariantName)
	}
	switch {
	case current > 0 && desired > 0:
		return Status{State: Running, Serving: int(current)}, variant
	case desired > 0 || out.EndpointStatus == types.EndpointStatusCreating:
		return Status{State: Starting}, variant
	case current == 0 && out.EndpointStatus == types.EndpointStatusInService && variant != "":
		return Status{State: Stopped}, variant
	}
	return Status{State: Changing}, variant
}

// Wake asks for the first instance if there is none and none has been asked
// for. It reports whether it did. It returns no error, since the caller's work
// does not depend on it; a failure is logged and counted as WakesFailed.
func (i *Instances) Wake(ctx context.Context) (asked bool) {
	ctx, cancel := context.WithTimeout(ctx, i.s.WakeTimeout)
	defer cancel()
	asked, err := i.wake(ctx)
	switch {
	case err != nil:
		i.s.Log.WarnContext(ctx, "the first instance was not asked for; the alarm on the backlog starts it", "error", err.Error())
		i.count("WakesFailed")
	case asked:
		i.s.Log.InfoContext(ctx, "asked for the first instance")
		i.count("Wakes")
		i.record(ctx)
	}
	return asked
}

func (i *Instances) record(ctx context.Context) {
	if i.s.Asked == nil {
		return
	}
	if err := i.s.Asked(ctx, i.s.Now()); err != nil {
		i.s.Log.WarnContext(ctx, "the start of the instance is not recorded; nobody is told how long it takes", "error", err.Error())
	}
}

func (i *Instances) count(metric string) {
	i.s.Metrics.Emit(nil, telemetry.Metric{Name: metric, Unit: telemetry.Count, Value: 1})
}

func (i *Instances) wake(ctx context.Context) (asked bool, err error) {
	status, variant, err := i.read(ctx)
	if err != nil || status.State != Stopped {
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

// forget makes the next call read the status again.
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
