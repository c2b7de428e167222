package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// AlertsToken is the type of [Alerts].
const AlertsToken = "gen3d:infra:Alerts"

// AlertsArgs are the inputs of [NewAlerts].
type AlertsArgs struct {
	Env   Environment
	Admin string // email address
	Key   *Encryption
}

// Alerts is the topic that notifies the admin.
type Alerts struct {
	pulumi.ResourceState

	Topic *sns.Topic // alarms, the budget and SES publish to it; stack output
	// Ready is the topic's policy. Resources that publish to the topic depend
	// on it.
	Ready *sns.TopicPolicy
}

// NewAlerts creates the topic and subscribes the admin, who confirms by a link
// in the first mail.
func NewAlerts(ctx *pulumi.Context, name string, args *AlertsArgs, opts ...pulumi.ResourceOption) (*Alerts, error) {
	c := &Alerts{}
	if err := ctx.RegisterComponentResource(AlertsToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D alerts %s: %w", name, err)
	}
	env := args.Env
	var err error
	if c.Topic, err = sns.NewTopic(ctx, name+"-topic", &sns.TopicArgs{
		Name:           pulumi.String(env.Name("Alarms")),
		DisplayName:    pulumi.String("Gen3D " + env.Stack),
		KmsMasterKeyId: args.Key.arn(),
	}, pulumi.Parent(c)); err != nil {
		return nil, fmt.Errorf("creating Gen3D alarm topic: %w", err)
	}
	publish := func(sid, service, source string) Statement {
		return Statement{
			Sid:       sid,
			Actions:   []string{"sns:Publish"},
			Resources: []pulumi.StringInput{c.Topic.Arn},
			Services:  []string{service},
			Conditions: map[string]map[string]pulumi.Input{
				"StringEquals": {"aws:SourceAccount": pulumi.String(env.Account)},
				"ArnLike":      {"aws:SourceArn": pulumi.String(source)},
			},
		}
	}
	if c.Ready, err = sns.NewTopicPolicy(ctx, name+"-policy", &sns.TopicPolicyArgs{
		Arn: c.Topic.Arn,
		Policy: policy(
			publish("AlarmsPublish", "cloudwatch.amazonaws.com", env.ARN("cloudwatch", "alarm:"+env.Name("*"))),
			publish("BudgetPublishes", "budgets.amazonaws.com", env.GlobalARN("budgets", "*")),
			publish("MailEventsPublish", "ses.amazonaws.com", env.ARN("ses", "configuration-set/"+env.Name("Mail"))),
			denyPlainHTTP("sns:Publish", c.Topic.Arn),
		),
	}, pulumi.Parent(c)); err != nil {
		return nil, fmt.Errorf("creating Gen3D alarm topic policy: %w", err)
	}
	if _, err := sns.NewTopicSubscription(ctx, name+"-admin", &sns.TopicSubscriptionArgs{
		Topic:    c.Topic.Arn,
		Protocol: pulumi.String("email"),
		Endpoint: pulumi.String(args.Admin),
	}, pulumi.Parent(c)); err != nil {
		return nil, fmt.Errorf("subscribing the admin to Gen3D alarms: %w", err)
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"topicArn": c.Topic.Arn}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D alerts %s: %w", name, err)
	}
	return c, nil
}
