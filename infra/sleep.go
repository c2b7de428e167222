package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// idleCooldown is the time in seconds between two returns to the minimum. AWS's
// default for SageMaker is 300.
// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepScalingPolicyConfiguration.html
const idleCooldown = 60

// sleep creates the return to the minimum and the scheduled actions.
func (args *ScalingArgs) sleep(ctx *pulumi.Context, name string, target *appautoscaling.Target, of pulumi.ResourceOption) error {
	idle, err := appautoscaling.NewPolicy(ctx, name+"-idle", &appautoscaling.PolicyArgs{
		Name:              pulumi.String(args.Env.Name("ReturnToMinimum")),
		PolicyType:        pulumi.String("StepScaling"),
		ServiceNamespace:  target.ServiceNamespace,
		ScalableDimension: target.ScalableDimension,
		ResourceId:        target.ResourceId,
		StepScalingPolicyConfiguration: appautoscaling.PolicyStepScalingPolicyConfigurationArgs{
			AdjustmentType:        pulumi.String("ExactCapacity"),
			MetricAggregationType: pulumi.String("Maximum"),
			Cooldown:              pulumi.Int(idleCooldown),
			StepAdjustments: appautoscaling.PolicyStepScalingPolicyConfigurationStepAdjustmentArray{
				appautoscaling.PolicyStepScalingPolicyConfigurationStepAdjustmentArgs{
					MetricIntervalLowerBound: pulumi.String("0"), ScalingAdjustment: pulumi.Int(args.Scaling.Min),
				},
			},
		},
	}, of)
	if err != nil {
		return fmt.Errorf("creating Gen3D idle scaling: %w", err)
	}
	if _, err := cloudwatch.NewMetricAlarm(ctx, name+"-idle", args.idleAlarm(idle), of); err != nil {
		return fmt.Errorf("creating Gen3D idle alarm: %w", err)
	}
	hours := args.Scaling.Hours()
	if args.Scaling.Warm != "" {
		if err := args.scheduled(ctx, name+"-warm", "WarmHours", target, hours.Starts(), 1, of); err != nil {
			return err
		}
	}
	return args.scheduled(ctx, name+"-rest", "Minimum", target, hours.Ends(), args.Scaling.Min, of)
}

// idleAlarm is in alarm when, for IdleMinutes one-minute periods in a row, more
// instances than the minimum ran and no request waited or was processed.
//
// AWS documents ApproximateBacklogSize as the items "that are currently being
// processed or yet to be processed", so that requests in process count:
// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
// Its maximum of a minute counts a request that came and ended within it. The
// number of instances is the sample count of CPUUtilization in a minute:
// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-troubleshooting.html
// It is part of the condition because an alarm repeats its scaling action until
// it ends: one on the backlog alone would still be in alarm after hours without
// requests, and stop a new instance at once.
// https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html
//
// If either metric is missing, the expression has no value for that minute, and
// that does not breach: without data nothing is stopped. FILL is not used,
// because it replaces a latest value that is only late:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
//
// A request that arrives after the last of these minutes, and before the
// action, about a minute later, can be running when its instance is removed.
// AWS does not document what then becomes of it. If SageMaker delivers it
// again, HasBacklogWithoutCapacity starts an instance and the result is written
// once. If not, the endpoint's error topic or Sweep ends the object as failed.
func (args *ScalingArgs) idleAlarm(idle *appautoscaling.Policy) *cloudwatch.MetricAlarmArgs {
	endpoint := args.Endpoint.Endpoint.Name
	query := func(id, namespace, metric, statistic string, dimensions pulumi.StringMap) cloudwatch.MetricAlarmMetricQueryArgs {
		return cloudwatch.MetricAlarmMetricQueryArgs{
			Id: pulumi.String(id),
			Metric: cloudwatch.MetricAlarmMetricQueryMetricArgs{
				Namespace: pulumi.String(namespace), MetricName: pulumi.String(metric), Dimensions: dimensions,
				Period: pulumi.Int(60), Stat: pulumi.String(statistic),
			},
			ReturnData: pulumi.Bool(false),
		}
	}
	return &cloudwatch.MetricAlarmArgs{
		Name:             pulumi.String(args.Env.Name("Idle")),
		AlarmDescription: pulumi.String("Instances run and no request waits or is processed: returns to the minimum of instances."),
		MetricQueries: cloudwatch.MetricAlarmMetricQueryArray{
			cloudwatch.MetricAlarmMetricQueryArgs{
				Id: pulumi.String("idle"), Label: pulumi.String("idle instances"), ReturnData: pulumi.Bool(true),
				Expression: pulumi.String("IF(backlog <= 0, running, 0)"),
			},
			query("backlog", "AWS/SageMaker", "ApproximateBacklogSize", "Maximum", pulumi.StringMap{"EndpointName": endpoint}),
			query("running", "/aws/sagemaker/Endpoints", "CPUUtilization", "SampleCount",
				pulumi.StringMap{"EndpointName": endpoint, "VariantName": pulumi.String(args.Endpoint.Variant)}),
		},
		EvaluationPeriods:  pulumi.Int(args.Scaling.IdleMinutes),
		DatapointsToAlarm:  pulumi.Int(args.Scaling.IdleMinutes),
		Threshold:          pulumi.Float64(float64(args.Scaling.Min + 1)),
		ComparisonOperator: pulumi.String("GreaterThanOrEqualToThreshold"),
		TreatMissingData:   pulumi.String("notBreaching"),
		AlarmActions:       pulumi.Array{idle.Arn},
	}
}

// scheduled creates an action that sets the target's minimum.
func (args *ScalingArgs) scheduled(ctx *pulumi.Context, name, physical string, target *appautoscaling.Target, schedule string, minimum int, of pulumi.ResourceOption) error {
	if _, err := appautoscaling.NewScheduledAction(ctx, name, &appautoscaling.ScheduledActionArgs{
		Name:              pulumi.String(args.Env.Name(physical)),
		ServiceNamespace:  target.ServiceNamespace,
		ScalableDimension: target.ScalableDimension,
		ResourceId:        target.ResourceId,
		Schedule:          pulumi.String(schedule),
		Timezone:          pulumi.String(args.Scaling.Hours().TimeZone()),
		ScalableTargetAction: appautoscaling.ScheduledActionScalableTargetActionArgs{
			MinCapacity: pulumi.Int(minimum),
		},
	}, of); err != nil {
		return fmt.Errorf("creating Gen3D scheduled action %s: %w", physical, err)
	}
	return nil
}
