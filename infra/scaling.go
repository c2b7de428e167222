package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ScalingToken is the type of [Scaling].
const ScalingToken = "gen3d:infra:Scaling"

// ScalingArgs are the inputs of [NewScaling].
type ScalingArgs struct {
	Env      Environment
	Scaling  Autoscaling
	Endpoint *Endpoint
}

// Scaling scales the endpoint's instances.
type Scaling struct {
	pulumi.ResourceState
}

// NewScaling creates the policies that start and stop instances. docs/scaling.md
// explains them to operators.
//
// Out: a target-tracking policy on the backlog of an instance and, because
// target tracking starts nothing while there is no instance, a step policy from
// zero on HasBacklogWithoutCapacity.
// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
//
// In: target tracking does not scale in. It acts on the backlog of an instance,
// and with one running request on each of four instances and a target of two it
// would remove two of them with their requests. With DisableScaleIn it removes
// none:
// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html
// A step policy returns to the minimum, see [ScalingArgs.idleAlarm].
//
// Warm hours are two scheduled actions that change the target's minimum, which
// bounds the step policy as well:
// https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-policy-overview.html
// The program would set the minimum back when it changes the target or after a
// refresh, so minCapacity is ignored with warm hours; the actions repeat, and
// what an up changes is corrected within the hour.
func NewScaling(ctx *pulumi.Context, name string, args *ScalingArgs, opts ...pulumi.ResourceOption) (*Scaling, error) {
	c := &Scaling{}
	if err := ctx.RegisterComponentResource(ScalingToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D scaling %s: %w", name, err)
	}
	of := pulumi.Parent(c)
	targetOptions := []pulumi.ResourceOption{of}
	if args.Scaling.Warm != "" {
		targetOptions = append(targetOptions, pulumi.IgnoreChanges([]string{"minCapacity"}))
	}
	target, err := appautoscaling.NewTarget(ctx, name+"-target", &appautoscaling.TargetArgs{
		ServiceNamespace:  pulumi.String("sagemaker"),
		ScalableDimension: pulumi.String("sagemaker:variant:DesiredInstanceCount"),
		ResourceId:        join("endpoint/", args.Endpoint.Endpoint.Name, "/variant/"+args.Endpoint.Variant),
		MinCapacity:       pulumi.Int(args.Scaling.Min),
		MaxCapacity:       pulumi.Int(args.Scaling.Max),
	}, targetOptions...)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D scaling target: %w", err)
	}
	endpoint := args.Endpoint.Endpoint.Name
	if _, err := appautoscaling.NewPolicy(ctx, name+"-backlog", &appautoscaling.PolicyArgs{
		Name:              pulumi.String(args.Env.Name("BacklogPerInstance")),
		PolicyType:        pulumi.String("TargetTrackingScaling"),
		ServiceNamespace:  target.ServiceNamespace,
		ScalableDimension: target.ScalableDimension,
		ResourceId:        target.ResourceId,
		TargetTrackingScalingPolicyConfiguration: appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs{
			TargetValue:      pulumi.Float64(float64(args.Scaling.BacklogPerInstance)),
			DisableScaleIn:   pulumi.Bool(true),
			ScaleOutCooldown: pulumi.Int(args.Scaling.ScaleOutCooldown),
			CustomizedMetricSpecification: appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationArgs{
				Namespace:  pulumi.String("AWS/SageMaker"),
				MetricName: pulumi.String("ApproximateBacklogSizePerInstance"),
				Statistic:  pulumi.String("Average"),
				Dimensions: appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationDimensionArray{
					appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationDimensionArgs{
						Name: pulumi.String("EndpointName"), Value: endpoint,
					},
				},
			},
		},
	}, of); err != nil {
		return nil, fmt.Errorf("creating Gen3D backlog scaling: %w", err)
	}
	wake, err := appautoscaling.NewPolicy(ctx, name+"-wake", &appautoscaling.PolicyArgs{
		Name:              pulumi.String(args.Env.Name("WakeFromZero")),
		PolicyType:        pulumi.String("StepScaling"),
		ServiceNamespace:  target.ServiceNamespace,
		ScalableDimension: target.ScalableDimension,
		ResourceId:        target.ResourceId,
		StepScalingPolicyConfiguration: appautoscaling.PolicyStepScalingPolicyConfigurationArgs{
			AdjustmentType:        pulumi.String("ChangeInCapacity"),
			MetricAggregationType: pulumi.String("Average"),
			Cooldown:              pulumi.Int(args.Scaling.ScaleOutCooldown),
			StepAdjustments: appautoscaling.PolicyStepScalingPolicyConfigurationStepAdjustmentArray{
				appautoscaling.PolicyStepScalingPolicyConfigurationStepAdjustmentArgs{
					MetricIntervalLowerBound: pulumi.String("0"), ScalingAdjustment: pulumi.Int(1),
				},
			},
		},
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D wake-up scaling: %w", err)
	}
	if _, err := cloudwatch.NewMetricAlarm(ctx, name+"-waiting", &cloudwatch.MetricAlarmArgs{
		Name:               pulumi.String(args.Env.Name("BacklogWithoutCapacity")),
		AlarmDescription:   pulumi.String("Requests wait and no instance runs: starts one."),
		Namespace:          pulumi.String("AWS/SageMaker"),
		MetricName:         pulumi.String("HasBacklogWithoutCapacity"),
		Dimensions:         pulumi.StringMap{"EndpointName": endpoint},
		Statistic:          pulumi.String("Average"),
		Period:             pulumi.Int(60),
		EvaluationPeriods:  pulumi.Int(2),
		DatapointsToAlarm:  pulumi.Int(2),
		Threshold:          pulumi.Float64(1),
		ComparisonOperator: pulumi.String("GreaterThanOrEqualToThreshold"),
		TreatMissingData:   pulumi.String("missing"),
		AlarmActions:       pulumi.Array{wake.Arn},
	}, of); err != nil {
		return nil, fmt.Errorf("creating Gen3D wake-up alarm: %w", err)
	}
	if err := args.sleep(ctx, name, target, of); err != nil {
		return nil, err
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"resourceId": target.ResourceId}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D scaling %s: %w", name, err)
	}
	return c, nil
}
