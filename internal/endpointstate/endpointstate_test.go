package endpointstate

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/smithy-go"
)

type described struct {
	answer sagemaker.DescribeEndpointOutput
	err    error
}

func (d described) DescribeEndpoint(context.Context, *sagemaker.DescribeEndpointInput, ...func(*sagemaker.Options)) (*sagemaker.DescribeEndpointOutput, error) {
	return &d.answer, d.err
}

func TestEachStateSaysWhatToDo(t *testing.T) {
	live := func(status types.EndpointStatus, config, reason string) described {
		return described{answer: sagemaker.DescribeEndpointOutput{EndpointStatus: status, EndpointConfigName: aws.String(config), FailureReason: aws.String(reason)}}
	}
	none := described{err: &smithy.GenericAPIError{Code: "ValidationException", Message: `Could not find endpoint "arn:aws:sagemaker:us-east-1:1:endpoint/e".`}}
	for name, test := range map[string]struct {
		client           described
		before, deployed string // part of the message; empty: no error
	}{
		"none":             {none, "", "does not exist"},
		"wanted":           {live("InService", "new", ""), "", ""},
		"rolled back":      {live("InService", "old", "no capacity"), "", "configuration old instead of new (no capacity)"},
		"mixed":            {live("UpdateRollbackFailed", "new", ""), "", "UpdateRollbackFailed"},
		"failed":           {live("Failed", "new", "the ping failed"), "Failed (the ping failed)", "aws sagemaker delete-endpoint --endpoint-name e"},
		"out of service":   {live("OutOfService", "new", ""), "delete-endpoint", "delete-endpoint"},
		"being created":    {live("Creating", "new", ""), "Wait", "Wait"},
		"being updated":    {live("Updating", "old", ""), "aws sagemaker wait endpoint-in-service --endpoint-name e", "Wait"},
		"being patched":    {live("SystemUpdating", "new", ""), "Wait", "Wait"},
		"being rolledback": {live("RollingBack", "old", ""), "Wait", "Wait"},
		"being deleted":    {live("Deleting", "new", ""), "Wait", "Wait"},
	} {
		t.Run(name, func(t *testing.T) {
			state, err := Look(t.Context(), test.client, "e", "new")
			if err != nil {
				t.Fatal(err)
			}
			says(t, "Changeable", state.Changeable(), test.before)
			says(t, "Deployed", state.Deployed(), test.deployed)
		})
	}
}

func TestADeniedLookIsAnError(t *testing.T) {
	_, err := Look(t.Context(), described{err: &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}}, "e", "")
	if err == nil || !errors.As(err, new(smithy.APIError)) {
		t.Errorf("got %v", err)
	}
}

func says(t *testing.T, what string, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
		t.Errorf("%s returns %v, want %q", what, err, want)
	}
}
