package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/internal/telemetry"
)

// AlarmsToken is the type of [Alarms].
const AlarmsToken = "gen3d:infra:Alarms"

// AlarmsArgs are the inputs of [NewAlarms].
type AlarmsArgs struct {
	Env       Environment
	Alerts    *Alerts
	API       *API
	Functions *Functions
	Endpoint  *Endpoint // nil while the model is off
	Mail      *Mail
}

// Alarms tell the admin what needs a person.
type Alarms struct {
	pulumi.ResourceState
}

// Units of the metrics: Lambda's Errors and Invocations, SQS's and SES's are
// counts; SageMaker's ApproximateAgeOfOldestRequest is in seconds
// (https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html);
// API Gateway's Latency is in milliseconds
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html).
const (
	errorPercent       = 5     // of a function's calls
	serverErrorPercent = 2     // of the API's answers
	slowMilliseconds   = 3000  // 99 % of the API's answers come within
	oldestSeconds      = 3600  // a request may wait: an instance takes about a quarter of an hour to start
	bounceRate         = 0.05  // AWS reviews an account above this
	complaintRate      = 0.001 // likewise
)

// alarm is one alarm on one metric.
type alarm struct {
	name, description, namespace, metric string
	dimensions                           pulumi.StringMap
	statistic                            string
	period, periods, of                  int // seconds; how many of how many
	threshold                            float64
	missing                              string // treat missing data as
	comparison                           string // empty: at the threshold or above
}

// NewAlarms makes the alarms of every layer. Each goes to the admin's topic, and
// again when it is over.
func NewAlarms(ctx *pulumi.Context, name string, args *AlarmsArgs, opts ...pulumi.ResourceOption) (*Alarms, error) {
	c := &Alarms{}
	if err := ctx.RegisterComponentResource(AlarmsToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D alarms %s: %w", name, err)
	}
	after := pulumi.DependsOn([]pulumi.Resource{args.Alerts.Ready})
	for _, a := range args.alarms() {
		settings := &cloudwatch.MetricAlarmArgs{
			Name:               pulumi.String(args.Env.Name(a.name)),
			AlarmDescription:   pulumi.String(a.description),
			Namespace:          pulumi.String(a.namespace),
			MetricName:         pulumi.String(a.metric),
			Dimensions:         a.dimensions,
			Period:             pulumi.Int(a.period),
			EvaluationPeriods:  pulumi.Int(a.of),
			DatapointsToAlarm:  pulumi.Int(a.periods),
			Threshold:          pulumi.Float64(a.threshold),
			ComparisonOperator: pulumi.String("GreaterThanOrEqualToThreshold"),
			TreatMissingData:   pulumi.String(a.missing),
			AlarmActions:       pulumi.Array{args.Alerts.Topic.Arn},
			OkActions:          pulumi.Array{args.Alerts.Topic.Arn},
		}
		if a.comparison != "" {
			settings.ComparisonOperator = pulumi.String(a.comparison)
		}
		if a.statistic[0] == 'p' { // a percentile
			settings.ExtendedStatistic = pulumi.String(a.statistic)
		} else {
			settings.Statistic = pulumi.String(a.statistic)
		}
		if _, err := cloudwatch.NewMetricAlarm(ctx, name+"-"+a.name, settings, pulumi.Parent(c), after); err != nil {
			return nil, fmt.Errorf("creating Gen3D alarm %s: %w", a.name, err)
		}
	}
	for _, r := range args.rates() {
		settings := r.alarm(args.Env)
		settings.AlarmActions = pulumi.Array{args.Alerts.Topic.Arn}
		settings.OkActions = pulumi.Array{args.Alerts.Topic.Arn}
		if _, err := cloudwatch.NewMetricAlarm(ctx, name+"-"+r.name, settings, pulumi.Parent(c), after); err != nil {
			return nil, fmt.Errorf("creating Gen3D alarm %s: %w", r.name, err)
		}
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"topicArn": args.Alerts.Topic.Arn}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D alarms %s: %w", name, err)
	}
	return c, nil
}

func (args *AlarmsArgs) alarms() []alarm {
	api := pulumi.StringMap{"ApiId": args.API.API.ID(), "Stage": args.API.Stage.Name}
	list := []alarm{
		{name: "DeadLetters", description: "An event failed every retry: read the queue, mend, and send it again.",
			namespace: "AWS/SQS", metric: "ApproximateNumberOfMessagesVisible", dimensions: pulumi.StringMap{"QueueName": args.Functions.DeadLetters.Name},
			statistic: "Maximum", period: 300, periods: 1, of: 1, threshold: 1, missing: "notBreaching"},
		{name: "SweepMissing", description: "The sweep has not run for half an hour: jobs that nothing else ends stay open.",
			namespace: "AWS/Lambda", metric: "Invocations", dimensions: pulumi.StringMap{"FunctionName": args.Functions.Sweep.Function.Name},
			statistic: "Sum", period: 1800, periods: 1, of: 1, threshold: 1, missing: "breaching", comparison: "LessThanThreshold"},
		{name: "ApiSlow", description: "One answer of the API in a hundred takes longer than three seconds.",
			namespace: "AWS/ApiGateway", metric: "Latency", dimensions: api,
			statistic: "p99", period: 300, periods: 3, of: 3, threshold: slowMilliseconds, missing: "notBreaching"},
		{name: "MailRefused", description: "SES refuses a user's address or the admin's: verify it, or ask AWS to take the account out of the sandbox.",
			namespace: telemetry.Namespace, metric: "MailsRefused", dimensions: pulumi.StringMap{"Stack": pulumi.String(args.Env.Stack), "Function": pulumi.String("notify")},
			statistic: "Sum", period: 300, periods: 1, of: 1, threshold: 1, missing: "notBreaching"},
		{name: "MailBounces", description: "SES: too many mails come back; AWS reviews the account above 5 %.",
			namespace: "AWS/SES", metric: "Reputation.BounceRate",
			statistic: "Average", period: 3600, periods: 1, of: 1, threshold: bounceRate, missing: "ignore"},
		{name: "MailComplaints", description: "SES: too many recipients complain; AWS reviews the account above 0.1 %.",
			namespace: "AWS/SES", metric: "Reputation.ComplaintRate",
			statistic: "Average", period: 3600, periods: 1, of: 1, threshold: complaintRate, missing: "ignore"},
	}
	if args.Endpoint == nil {
		return list
	}
	endpoint := pulumi.StringMap{"EndpointName": args.Endpoint.Endpoint.Name}
	variant := pulumi.StringMap{"EndpointName": args.Endpoint.Endpoint.Name, "VariantName": pulumi.String(args.Endpoint.Variant)}
	return append(list,
		alarm{name: "BacklogAge", description: "The oldest request to the model has waited for an hour.",
			namespace: "AWS/SageMaker", metric: "ApproximateAgeOfOldestRequest", dimensions: endpoint,
			statistic: "Maximum", period: 300, periods: 2, of: 2, threshold: oldestSeconds, missing: "notBreaching"},
		alarm{name: "NoCapacity", description: "Requests have waited for half an hour and no instance has started: quota, capacity or a model that does not load.",
			namespace: "AWS/SageMaker", metric: "HasBacklogWithoutCapacity", dimensions: endpoint,
			statistic: "Minimum", period: 300, periods: 6, of: 6, threshold: 1, missing: "notBreaching"},
		alarm{name: "InvocationFailures", description: "The model failed requests.",
			namespace: "AWS/SageMaker", metric: "InvocationFailures", dimensions: variant,
			statistic: "Sum", period: 300, periods: 1, of: 1, threshold: 1, missing: "notBreaching"},
		alarm{name: "ExpiredRequests", description: "Requests to the model waited longer than they may: too few instances.",
			namespace: "AWS/SageMaker", metric: "ExpiredRequests", dimensions: variant,
			statistic: "Sum", period: 300, periods: 1, of: 1, threshold: 1, missing: "notBreaching"},
	)
}

// rate is an alarm on a share, in percent, by metric math.
type rate struct {
	name, description, namespace string
	part, whole                  string // metrics, both summed
	dimensions                   pulumi.StringMap
	percent                      float64
}

func (args *AlarmsArgs) rates() []rate {
	rates := []rate{{
		name: "ApiErrors", description: "The API answers with server errors.",
		namespace: "AWS/ApiGateway", part: "5xx", whole: "Count",
		dimensions: pulumi.StringMap{"ApiId": args.API.API.ID(), "Stage": args.API.Stage.Name},
		percent:    serverErrorPercent,
	}}
	for _, one := range []struct {
		part, name string
		function   *Function
	}{
		{"api", "ApiFunctionErrors", args.Functions.API},
		{"extract", "ExtractErrors", args.Functions.Extract},
		{"notify", "NotifyErrors", args.Functions.Notify},
		{"sweep", "SweepErrors", args.Functions.Sweep},
	} {
		rates = append(rates, rate{
			name: one.name, description: "Function " + one.part + " fails; its log says why.",
			namespace: "AWS/Lambda", part: "Errors", whole: "Invocations",
			dimensions: pulumi.StringMap{"FunctionName": one.function.Function.Name},
			percent:    errorPercent,
		})
	}
	return rates
}

func (r rate) alarm(env Environment) *cloudwatch.MetricAlarmArgs {
	query := func(id, metric string) cloudwatch.MetricAlarmMetricQueryArgs {
		return cloudwatch.MetricAlarmMetricQueryArgs{
			Id: pulumi.String(id),
			Metric: cloudwatch.MetricAlarmMetricQueryMetricArgs{
				Namespace: pulumi.String(r.namespace), MetricName: pulumi.String(metric), Dimensions: r.dimensions,
				Period: pulumi.Int(300), Stat: pulumi.String("Sum"),
			},
			ReturnData: pulumi.Bool(false),
		}
	}
	return &cloudwatch.MetricAlarmArgs{
		Name:             pulumi.String(env.Name(r.name)),
		AlarmDescription: pulumi.String(r.description),
		MetricQueries: cloudwatch.MetricAlarmMetricQueryArray{
			cloudwatch.MetricAlarmMetricQueryArgs{
				Id: pulumi.String("rate"), Label: pulumi.String("percent"), ReturnData: pulumi.Bool(true),
				// A failed call may be counted a minute before the call itself;
				// nothing by nothing is no data, which does not breach.
				Expression: pulumi.String("100 * part / MAX([part, whole])"),
			},
			query("part", r.part),
			query("whole", r.whole),
		},
		EvaluationPeriods:  pulumi.Int(2),
		DatapointsToAlarm:  pulumi.Int(1),
		Threshold:          pulumi.Float64(r.percent),
		ComparisonOperator: pulumi.String("GreaterThanThreshold"),
		TreatMissingData:   pulumi.String("notBreaching"),
	}
}
