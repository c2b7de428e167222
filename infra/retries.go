package infra

import (
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Parts of SageMaker's refusals of what another call has just created. The
// program repeats those that the provider does not: it repeats the creation of
// functions, schedules and models, but not of notebook instances, configurations
// and endpoints.
const (
	// A new role reaches the services that assume it after seconds.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
	roleSpreads = "Could not assume role"
	// A new model or configuration may not be read yet; retries are recommended.
	// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
	modelSpreads         = "Could not find model"
	configurationSpreads = "Could not find endpoint configuration"
)

// Pauses before the repetitions: a second, then one more each time. Together
// they take about two minutes, as long as the provider repeats.
const (
	longestPause = 10 * time.Second
	attempts     = 16
)

// retried is the option of a resource whose creation is repeated while AWS
// refuses it with this message. Updates are not repeated: a refused one leaves
// the resource marked in the state, so that the next up would update it again.
// The option needs a pulumi command with error hooks; an older one refuses the
// resource and says so.
// https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/
func retried(ctx *pulumi.Context, name, message string) (pulumi.ResourceOption, error) {
	if ctx.RunningWithMocks() { // which have no hooks
		return pulumi.Composite(), nil
	}
	hook, err := ctx.RegisterErrorHook(name+"-retries", func(args *pulumi.ErrorHookArgs) (bool, error) {
		if !repeats(args, message) {
			return false, nil
		}
		select {
		case <-ctx.Context().Done():
			return false, ctx.Context().Err()
		case <-time.After(pause(len(args.Errors))):
			return true, nil
		}
	})
	if err != nil {
		return nil, fmt.Errorf("registering the retries of %s: %w", name, err)
	}
	return pulumi.ResourceHooks(&pulumi.ResourceHookBinding{OnError: []*pulumi.ErrorHook{hook}}), nil
}

// repeats reports whether the last attempt failed with the message. What does
// not exist at all gives the same message, so that the attempts are limited.
func repeats(args *pulumi.ErrorHookArgs, message string) bool {
	return strings.HasPrefix(args.FailedOperation, "create") && len(args.Errors) > 0 && len(args.Errors) < attempts && strings.Contains(args.Errors[0], message)
}

// pause returns the time to wait after a number of failed attempts.
func pause(failed int) time.Duration { return min(time.Duration(failed)*time.Second, longestPause) }
