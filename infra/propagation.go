package infra

import (
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// A new role reaches the services that assume it after seconds, because IAM is
// eventually consistent:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
// The provider repeats the creation of functions, schedules and models for that
// time, but not of notebook instances.
const (
	spreadPause    = 5 * time.Second
	spreadAttempts = 24 // two minutes, as long as the provider repeats the others
)

// retriedWhileRoleSpreads is the option of a resource whose creation is repeated
// while SageMaker cannot assume its role. It needs a pulumi command with error
// hooks; an older one refuses the resource and says so.
func retriedWhileRoleSpreads(ctx *pulumi.Context, name string) (pulumi.ResourceOption, error) {
	if ctx.RunningWithMocks() { // which have no hooks
		return pulumi.Composite(), nil
	}
	hook, err := ctx.RegisterErrorHook(name+"-role-spreads", func(args *pulumi.ErrorHookArgs) (bool, error) {
		if !roleSpreads(args) {
			return false, nil
		}
		select {
		case <-ctx.Context().Done():
			return false, ctx.Context().Err()
		case <-time.After(spreadPause):
			return true, nil
		}
	})
	if err != nil {
		return nil, fmt.Errorf("registering the retries of %s: %w", name, err)
	}
	return pulumi.ResourceHooks(&pulumi.ResourceHookBinding{OnError: []*pulumi.ErrorHook{hook}}), nil
}

// roleSpreads reports whether a creation failed only because SageMaker cannot
// assume the role yet. A role that it may not assume at all gives the same
// message, so that the attempts are limited.
func roleSpreads(args *pulumi.ErrorHookArgs) bool {
	return args.FailedOperation == "create" && len(args.Errors) > 0 && len(args.Errors) < spreadAttempts &&
		strings.Contains(args.Errors[0], "Could not assume role")
}
