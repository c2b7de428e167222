package infra

import (
	"slices"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func TestOnlyWhatAWSDoesNotKnowYetIsRepeated(t *testing.T) {
	const spreading = "creating SageMaker Notebook Instance: ValidationException: Could not assume role arn:aws:iam::123456789012:role/Gen3DNotebookRole-dev. " +
		"Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role."
	for _, one := range []struct {
		operation string
		errors    []string // newest first
		repeated  bool
	}{
		{"create", []string{spreading}, true},
		{"update", []string{spreading}, false},
		{"create", slices.Repeat([]string{spreading}, attempts-1), true},
		{"create", slices.Repeat([]string{spreading}, attempts), false},
		{"create", []string{"creating SageMaker Notebook Instance: ResourceLimitExceeded"}, false},
		{"create", []string{"creating SageMaker Notebook Instance: ResourceLimitExceeded", spreading}, false},
		{"create", nil, false},
	} {
		if got := repeats(&pulumi.ErrorHookArgs{FailedOperation: one.operation, Errors: one.errors}, roleSpreads); got != one.repeated {
			t.Errorf("%s, after %d errors, the newest %.60q: repeated is %v", one.operation, len(one.errors), slices.Concat(one.errors, []string{""})[0], got)
		}
	}
}

func TestRepetitionsTakeAboutTwoMinutes(t *testing.T) {
	var together time.Duration
	for failed := 1; failed < attempts; failed++ {
		together += pause(failed)
	}
	if together < 90*time.Second || together > 150*time.Second {
		t.Errorf("the pauses take %v", together)
	}
}
