package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/scheduler"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/internal/job"
)

// EventsToken is the type of [Events].
const EventsToken = "gen3d:infra:Events"

// EventsArgs are the inputs of [NewEvents].
type EventsArgs struct {
	Env       Environment
	Data      *s3.BucketV2
	Functions *Functions
}

// Events is the data bucket's notification.
type Events struct {
	pulumi.ResourceState
}

// NewEvents creates the bucket's only notification, after the permissions that
// S3 checks when it is set: photos run Extract, result documents run Notify.
func NewEvents(ctx *pulumi.Context, name string, args *EventsArgs, opts ...pulumi.ResourceOption) (*Events, error) {
	c := &Events{}
	if err := ctx.RegisterComponentResource(EventsToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D events %s: %w", name, err)
	}
	var (
		permissions []pulumi.Resource
		triggers    s3.BucketNotificationLambdaFunctionArray
	)
	for _, to := range []struct {
		part     string
		function *lambda.Function
	}{
		{job.ExtractFunction, args.Functions.Extract.Function},
		{job.NotifyFunction, args.Functions.Notify.Function},
	} {
		permission, err := lambda.NewPermission(ctx, name+"-"+to.part, &lambda.PermissionArgs{
			Action:        pulumi.String("lambda:InvokeFunction"),
			Function:      to.function.Name,
			Principal:     pulumi.String("s3.amazonaws.com"),
			SourceArn:     args.Data.Arn,
			SourceAccount: pulumi.String(args.Env.Account),
		}, pulumi.Parent(c))
		if err != nil {
			return nil, fmt.Errorf("letting S3 call %s: %w", to.part, err)
		}
		permissions = append(permissions, permission)
		for _, trigger := range job.Triggers() {
			if trigger.Function != to.part {
				continue
			}
			triggers = append(triggers, s3.BucketNotificationLambdaFunctionArgs{
				Id:                pulumi.String(trigger.ID),
				LambdaFunctionArn: to.function.Arn,
				Events:            pulumi.ToStringArray([]string{"s3:ObjectCreated:*"}),
				FilterPrefix:      pulumi.String(trigger.Prefix),
				FilterSuffix:      pulumi.String(trigger.Suffix),
			})
		}
	}
	if _, err := s3.NewBucketNotification(ctx, name+"-notification", &s3.BucketNotificationArgs{
		Bucket:          args.Data.ID(),
		LambdaFunctions: triggers,
	}, pulumi.Parent(c), pulumi.DependsOn(permissions)); err != nil {
		return nil, fmt.Errorf("creating Gen3D bucket notification: %w", err)
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"bucket": args.Data.Bucket}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D events %s: %w", name, err)
	}
	return c, nil
}

// subscribe subscribes Notify to the endpoint's error topic.
func (args *FunctionsArgs) subscribe(ctx *pulumi.Context, name string, c *Functions) error {
	permission, err := lambda.NewPermission(ctx, name+"-error-topic", &lambda.PermissionArgs{
		Action:    pulumi.String("lambda:InvokeFunction"),
		Function:  c.Notify.Function.Name,
		Principal: pulumi.String("sns.amazonaws.com"),
		SourceArn: args.Inference.Error.Arn,
	}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("letting the error topic call notify: %w", err)
	}
	if _, err := sns.NewTopicSubscription(ctx, name+"-errors", &sns.TopicSubscriptionArgs{
		Topic:         args.Inference.Error.Arn,
		Protocol:      pulumi.String("lambda"),
		Endpoint:      c.Notify.Function.Arn,
		RedrivePolicy: pulumi.JSONMarshal(pulumi.Map{"deadLetterTargetArn": c.DeadLetters.Arn}),
	}, pulumi.Parent(c), pulumi.DependsOn([]pulumi.Resource{permission})); err != nil {
		return fmt.Errorf("subscribing notify to the error topic: %w", err)
	}
	return nil
}

// schedule runs Sweep every ten minutes.
func (args *FunctionsArgs) schedule(ctx *pulumi.Context, name string, c *Functions) error {
	env, of := args.Env, pulumi.Parent(c)
	role, err := iam.NewRole(ctx, name+"-scheduler-role", &iam.RoleArgs{
		Name:             pulumi.String(env.Name("SchedulerSweepRole")),
		Description:      pulumi.String("Gen3D " + env.Stack + ": the schedule of function sweep"),
		AssumeRolePolicy: assumedBy(env, "scheduler.amazonaws.com"),
	}, of)
	if err != nil {
		return fmt.Errorf("creating the role of the sweep's schedule: %w", err)
	}
	rights, err := iam.NewRolePolicy(ctx, name+"-scheduler-policy", &iam.RolePolicyArgs{
		Name: pulumi.String("Gen3DScheduleSweep"),
		Role: role.ID(),
		Policy: policy(
			Statement{Sid: "CallSweep", Actions: []string{"lambda:InvokeFunction"}, Resources: []pulumi.StringInput{c.Sweep.Function.Arn}},
			Statement{Sid: "HandOverFailedCalls", Actions: []string{"sqs:SendMessage"}, Resources: []pulumi.StringInput{c.DeadLetters.Arn}},
		),
	}, of)
	if err != nil {
		return fmt.Errorf("creating the policy of the sweep's schedule: %w", err)
	}
	if _, err := scheduler.NewSchedule(ctx, name+"-sweep-schedule", &scheduler.ScheduleArgs{
		Name:               pulumi.String(env.Name("Sweep")),
		Description:        pulumi.String("Runs Gen3D's sweep"),
		ScheduleExpression: pulumi.String("rate(10 minutes)"),
		FlexibleTimeWindow: scheduler.ScheduleFlexibleTimeWindowArgs{Mode: pulumi.String("OFF")},
		Target: scheduler.ScheduleTargetArgs{
			Arn:              c.Sweep.Function.Arn,
			RoleArn:          role.Arn,
			DeadLetterConfig: scheduler.ScheduleTargetDeadLetterConfigArgs{Arn: c.DeadLetters.Arn},
			RetryPolicy: scheduler.ScheduleTargetRetryPolicyArgs{
				MaximumEventAgeInSeconds: pulumi.Int(600), // the interval of the schedule
				MaximumRetryAttempts:     pulumi.Int(3),
			},
		},
	}, of, pulumi.DependsOn([]pulumi.Resource{rights})); err != nil {
		return fmt.Errorf("creating the sweep's schedule: %w", err)
	}
	return nil
}

func newDeadLetters(ctx *pulumi.Context, name string, env Environment, parent pulumi.Resource) (*sqs.Queue, error) {
	queue, err := sqs.NewQueue(ctx, name+"-dead-letters", &sqs.QueueArgs{
		Name:                    pulumi.String(env.Name("DeadLetters")),
		MessageRetentionSeconds: pulumi.Int(1209600), // 14 days, the maximum
		SqsManagedSseEnabled:    pulumi.Bool(true),
	}, pulumi.Parent(parent))
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D dead-letter queue: %w", err)
	}
	if _, err := sqs.NewQueuePolicy(ctx, name+"-dead-letters-policy", &sqs.QueuePolicyArgs{
		QueueUrl: queue.Url,
		Policy: policy(
			denyPlainHTTP("sqs:*", queue.Arn),
			Statement{
				Sid:       "ErrorTopicHandsOver",
				Actions:   []string{"sqs:SendMessage"},
				Resources: []pulumi.StringInput{queue.Arn},
				Services:  []string{"sns.amazonaws.com"},
				Conditions: map[string]map[string]pulumi.Input{
					"ArnEquals":    {"aws:SourceArn": pulumi.String(env.ARN("sns", env.Name("SAMError")))},
					"StringEquals": {"aws:SourceAccount": pulumi.String(env.Account)},
				},
			},
		),
	}, pulumi.Parent(parent)); err != nil {
		return nil, fmt.Errorf("creating Gen3D dead-letter queue policy: %w", err)
	}
	return queue, nil
}
