// Package endpointstate compares the live endpoint of a stack with the one that
// the stack wants: SageMaker refuses changes of an endpoint that is Failed or
// being changed, and an update that it rolls back ends with the earlier
// configuration and the status InService.
package endpointstate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/smithy-go"
)

// Client describes endpoints; *sagemaker.Client implements it.
type Client interface {
	DescribeEndpoint(context.Context, *sagemaker.DescribeEndpointInput, ...func(*sagemaker.Options)) (*sagemaker.DescribeEndpointOutput, error)
}

// State is the state of an endpoint, as SageMaker describes it.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
type State struct {
	Name       string
	Exists     bool                 // the other fields are empty where it is false
	Status     types.EndpointStatus // such as InService
	Config     string               // name of the live configuration
	WantConfig string               // name of the wanted configuration; empty where none is known
	Reason     string               // of a failure; may be present after a rollback
}

// Look describes the endpoint called name. wantConfig is the name of the
// configuration that it should have, empty where that is not known. An endpoint
// that does not exist is a State, not an error.
func Look(ctx context.Context, client Client, name, wantConfig string) (State, error) {
	state := State{Name: name, WantConfig: wantConfig}
	answer, err := client.DescribeEndpoint(ctx, &sagemaker.DescribeEndpointInput{EndpointName: aws.String(name)})
	if Missing(err) {
		return state, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("describing endpoint %s: %w", name, err)
	}
	state.Exists = true
	state.Status = answer.EndpointStatus
	state.Config = aws.ToString(answer.EndpointConfigName)
	state.Reason = aws.ToString(answer.FailureReason)
	return state, nil
}

// Missing tells SageMaker's answer for an endpoint, a configuration or a model
// that does not exist, which is a ValidationException: Could not find endpoint
// "arn:…".
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html
func Missing(err error) bool {
	var refusal smithy.APIError
	return errors.As(err, &refusal) && refusal.ErrorCode() == "ValidationException" &&
		strings.Contains(strings.ToLower(refusal.ErrorMessage()), "could not find")
}

// MustBeDeleted reports whether SageMaker allows nothing but the endpoint's
// deletion.
func (s State) MustBeDeleted() bool {
	return s.Status == types.EndpointStatusFailed || s.Status == types.EndpointStatusOutOfService
}

// Changeable returns an error that says what to do where SageMaker would refuse
// to update the endpoint now: a Failed one can only be deleted, and one that is
// being changed must be InService again first. It returns nil for one that does
// not exist.
func (s State) Changeable() error {
	switch {
	case !s.Exists:
		return nil
	case s.MustBeDeleted():
		reason := ""
		if s.Reason != "" {
			reason = " (" + s.Reason + ")"
		}
		return fmt.Errorf("endpoint %s is %s%s, and SageMaker allows only its deletion. Correct the cause, then run\n"+
			"  aws sagemaker delete-endpoint --endpoint-name %s\n  pulumi refresh --yes\n  make up", s.Name, s.Status, reason, s.Name)
	case s.Status == types.EndpointStatusInService || s.Status == types.EndpointStatusUpdateRollbackFailed:
		return nil
	}
	return fmt.Errorf("endpoint %s is %s, and SageMaker refuses changes until it is InService. Wait for it, then try again:\n"+
		"  aws sagemaker wait endpoint-in-service --endpoint-name %s", s.Name, s.Status, s.Name)
}

// Deployed returns an error that says what to do where the endpoint is not
// InService with the wanted configuration.
func (s State) Deployed() error {
	if !s.Exists {
		return fmt.Errorf("endpoint %s does not exist. Run\n  pulumi refresh --yes\n  make up", s.Name)
	}
	if err := s.Changeable(); err != nil {
		return err
	}
	if s.Status == types.EndpointStatusInService && (s.WantConfig == "" || s.Config == s.WantConfig) {
		return nil
	}
	reason := "its container logs have the cause"
	if s.Reason != "" {
		reason = s.Reason
	}
	return fmt.Errorf("SageMaker rolled the update of endpoint %s back: it is %s with configuration %s instead of %s (%s). "+
		"The earlier configuration is still in use. Correct the cause, then run\n  pulumi refresh --yes\n  make up",
		s.Name, s.Status, s.Config, s.WantConfig, reason)
}
