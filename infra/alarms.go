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
	Model     Model
	Mail      *Mail
}

// Alarms notify the admin of conditions that need a person.
type Alarms struct {
	pulumi.ResourceState
}

// Thresholds, in the units of the metrics: Errors and Invocations of Lambda and
// the metrics of SQS and SES are counts; SageMaker's
// ApproximateAgeOfOldestRequest is in seconds and ModelLatency in microseconds,
// for which AWS documents no percentiles
// (https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html);
// API Gateway's Latency is in milliseconds
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html).
const (
	errorPercent       = 5     // of a function's invocations
	serverErrorPercent = 2     // of the API's responses
	slowMilliseconds   = 3000  // 99th percentile of the API's latency
	oldestSeconds      = 3600  // age of the oldest request; an instance takes about 15 minutes to start
	bounceRate         = 0.05  // AWS reviews accounts above this rate
	complaintRate      = 0.001 // AWS reviews accounts above this rate
)

// alarm describes an alarm on one metric.
type alarm struct {
	name, description, namespace, metric string
	dimensions                           pulumi.StringMap
	statistic                            string
	period, datapoints, periods          int // period in seconds; datapoints of the latest periods must breach
	threshold                            float64
	missing                              string // how missing data is treated
	comparison                           string // empty: greater than or equal to the threshold
}

// NewAlarms creates the alarms of every layer. Each publishes to the admin's
// topic when it starts and when it ends.
func NewAlarms(ctx *pulumi.Context, name string, args *AlarmsArgs, opts ...pulumi.ResourceOption) (*Alarms, error) {
	c := &Alarms{}
	if err := ctx.RegisterComponentResource(AlarmsToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D alarms %s: %w", name, err)
	}
	after := pulumi.DependsOn([]pulumi.Resource{args.Alerts.Ready})
	for _, a := range args.alarms() {
		settings := &cloudwatch.MetricAlarmArgs{
			Name:               pulumi.String(args.Env.Name(a.name)),
			AlarmDescription:   pulumi.String(described(a.name, a.description)),
			Namespace:          pulumi.String(a.namespace),
			MetricName:         pulumi.String(a.metric),
			Dimensions:         a.dimensions,
			Period:             pulumi.Int(a.period),
			EvaluationPeriods:  pulumi.Int(a.periods),
			DatapointsToAlarm:  pulumi.Int(a.datapoints),
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

// described adds the place of an alarm's instructions, which a test keeps
// complete, to its description.
func described(name, description string) string {
	return description + stepsIn + name + "."
}

const stepsIn = " What to do: docs/runbook.md, "

func (args *AlarmsArgs) alarms() []alarm {
	api := pulumi.StringMap{"ApiId": args.API.API.ID(), "Stage": args.API.Stage.Name}
	list := []alarm{
		{name: "DeadLetters", description: "An event failed every retry: read the queue, fix the cause, and send the event again.",
			namespace: "AWS/SQS", metric: "ApproximateNumberOfMessagesVisible", dimensions: pulumi.StringMap{"QueueName": args.Functions.DeadLetters.Name},
			statistic: "Maximum", period: 300, datapoints: 1, periods: 1, threshold: 1, missing: "notBreaching"},
		{name: "SweepMissing", description: "Sweep has not run for half an hour: jobs that lost an event stay unfinished.",
			namespace: "AWS/Lambda", metric: "Invocations", dimensions: pulumi.StringMap{"FunctionName": args.Functions.Sweep.Function.Name},
			statistic: "Sum", period: 1800, datapoints: 1, periods: 1, threshold: 1, missing: "breaching", comparison: "LessThanThreshold"},
		{name: "ApiSlow", description: "The API's 99th percentile of latency is above three seconds.",
			namespace: "AWS/ApiGateway", metric: "Latency", dimensions: api,
			statistic: "p99", period: 300, datapoints: 3, periods: 3, threshold: slowMilliseconds, missing: "notBreaching"},
		{name: "MailRefused", description: "SES refuses a user's address or the admin's: verify it, or ask AWS to take the account out of the sandbox.",
			namespace: telemetry.Namespace, metric: "MailsRefused", dimensions: pulumi.StringMap{"Stack": pulumi.String(args.Env.Stack), "Function": pulumi.String("notify")},
			statistic: "Sum", period: 300, datapoints: 1, periods: 1, threshold: 1, missing: "notBreaching"},
		{name: "MailBounces", description: "SES: too many mails bounce; AWS reviews accounts above 5 %.",
			namespace: "AWS/SES", metric: "Reputation.BounceRate",
			statistic: "Average", period: 3600, datapoints: 1, periods: 1, threshold: bounceRate, missing: "ignore"},
		{name: "MailComplaints", description: "SES: too many recipients complain; AWS reviews accounts above 0.1 %.",
			namespace: "AWS/SES", metric: "Reputation.ComplaintRate",
			statistic: "Average", period: 3600, datapoints: 1, periods: 1, threshold: complaintRate, missing: "ignore"},
	}
	if args.Endpoint == nil {
		return list
	}
	endpoint := pulumi.StringMap{"EndpointName": args.Endpoint.Endpoint.Name}
	variant := pulumi.StringMap{"EndpointName": args.Endpoint.Endpoint.Name, "VariantName": pulumi.String(args.Endpoint.Variant)}
	return append(list,
		alarm{name: "BacklogAge", description: "The oldest request to the model has waited for an hour.",
			namespace: "AWS/SageMaker", metric: "ApproximateAgeOfOldestRequest", dimensions: endpoint,
			statistic: "Maximum", period: 300, datapoints: 2, periods: 2, threshold: oldestSeconds, missing: "notBreaching"},
		alarm{name: "NoCapacity", description: "Requests have waited for half an hour and no instance has started: quota, capacity or a model that does not load.",
			namespace: "AWS/SageMaker", metric: "HasBacklogWithoutCapacity", dimensions: endpoint,
			statistic: "Average", period: 300, datapoints: 6, periods: 6, threshold: 1, missing: "notBreaching"},
		alarm{name: "ModelSlow", description: "Objects take more than half of model.invocationTimeoutSeconds on average: the model is slow, or the timeout too short.",
			namespace: "AWS/SageMaker", metric: "ModelLatency", dimensions: variant,
			statistic: "Average", period: 900, datapoints: 2, periods: 2, threshold: float64(args.Model.InvocationTimeout) / 2 * 1e6, missing: "notBreaching"},
		alarm{name: "InvocationFailures", description: "The model failed requests.",
			namespace: "AWS/SageMaker", metric: "InvocationFailures", dimensions: variant,
			statistic: "Sum", period: 300, datapoints: 1, periods: 1, threshold: 1, missing: "notBreaching"},
		alarm{name: "ExpiredRequests", description: "Requests to the model expired in the queue: too few instances.",
			namespace: "AWS/SageMaker", metric: "ExpiredRequests", dimensions: variant,
			statistic: "Sum", period: 300, datapoints: 1, periods: 1, threshold: 1, missing: "notBreaching"},
	)
}

// rate describes an alarm on a percentage, by metric math.
type rate struct {
	name, description, namespace string
	part, whole                  string // names of metrics; their sums are divided
	dimensions                   pulumi.StringMap
	percent                      float64
}

func (args *AlarmsArgs) rates() []rate {
	rates := []rate{{
		name: "ApiErrors", description: "The API returns server errors.",
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
			name: one.name, description: "Function " + one.part + " fails; its log has the errors.",
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
		AlarmDescription: pulumi.String(described(r.name, r.description)),
		MetricQueries: cloudwatch.MetricAlarmMetricQueryArray{
			cloudwatch.MetricAlarmMetricQueryArgs{
				Id: pulumi.String("rate"), Label: pulumi.String("percent"), ReturnData: pulumi.Bool(true),
				// An error may be counted a minute before its invocation. Zero
				// divided by zero is no data, which does not breach.
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
