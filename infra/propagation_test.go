package infra

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func TestOnlyACreationWhoseRoleSpreadsIsRetried(t *testing.T) {
	const spreading = "creating SageMaker Notebook Instance: ValidationException: Could not assume role arn:aws:iam::123456789012:role/Gen3DNotebookRole-dev. " +
		"Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role."
	for _, one := range []struct {
		operation string
		errors    []string // newest first
		retried   bool
	}{
		{"create", []string{spreading}, true},
		{"create", slices.Repeat([]string{spreading}, spreadAttempts-1), true},
		{"create", slices.Repeat([]string{spreading}, spreadAttempts), false},
		{"create", []string{"creating SageMaker Notebook Instance: ResourceLimitExceeded"}, false},
		{"create", []string{"creating SageMaker Notebook Instance: ResourceLimitExceeded", spreading}, false},
		{"update", []string{spreading}, false},
		{"create", nil, false},
	} {
		if got := roleSpreads(&pulumi.ErrorHookArgs{FailedOperation: one.operation, Errors: one.errors}); got != one.retried {
			t.Errorf("%s, after %d errors, the newest %.60q: retried is %v", one.operation, len(one.errors), slices.Concat(one.errors, []string{""})[0], got)
		}
	}
}
