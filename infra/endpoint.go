package infra

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sagemaker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/internal/job"
)

// EndpointToken is the type of [Endpoint].
const EndpointToken = "gen3d:infra:Endpoint"

// EndpointArgs are the inputs of [NewEndpoint].
type EndpointArgs struct {
	Env              Environment
	Model            Model
	Scaling          Autoscaling
	LogRetentionDays int
	Limits           string             // of a job, as JSON
	Image            pulumi.StringInput // by digest
	Storage          *Storage
	Inference        *Inference
	Network          *Network
	Key              *Encryption
}

// Endpoint is the model on its GPU, behind an asynchronous queue.
type Endpoint struct {
	pulumi.ResourceState

	Endpoint *sagemaker.Endpoint // Extract, scaling, alarms
	Variant  string              // scaling and alarms
	// Configuration is its name; stack output, which gen3d endpoint check
	// compares with the live one.
	Configuration pulumi.StringOutput
}

// variantName names the endpoint's only production variant.
const variantName = "sam3d"

// NewEndpoint creates model, configuration and endpoint. AWS cannot change a
// model or a configuration. Their names end in a random suffix, so that the new
// one is created first, and the endpoint is updated in place. The old ones are
// retained: where SageMaker rolls the update back, the provider reports success,
// and the engine would delete the configuration in use, which AWS forbids.
// gen3d endpoint check deletes those that are not in use, after it has seen the
// endpoint InService with the new one.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpointConfig.html
func NewEndpoint(ctx *pulumi.Context, name string, args *EndpointArgs, opts ...pulumi.ResourceOption) (*Endpoint, error) {
	c := &Endpoint{Variant: variantName}
	if err := ctx.RegisterComponentResource(EndpointToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D endpoint %s: %w", name, err)
	}
	of, env := pulumi.Parent(c), args.Env
	logs, err := cloudwatch.NewLogGroup(ctx, name+"-logs", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(endpointLogGroup(env)),
		RetentionInDays: pulumi.Int(args.LogRetentionDays),
		KmsKeyId:        args.Key.arn(),
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D endpoint log group: %w", err)
	}
	model, err := sagemaker.NewModel(ctx, env.Name("SAMModel"), args.model(), of, pulumi.RetainOnDelete(true), pulumi.DependsOn([]pulumi.Resource{args.Inference.Policy}))
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D model: %w", err)
	}
	knowsModel, err := retried(ctx, name+"-configuration", modelSpreads)
	if err != nil {
		return nil, err
	}
	config, err := sagemaker.NewEndpointConfiguration(ctx, env.Name("SAMEndpointConfig"), args.configuration(model), of, pulumi.RetainOnDelete(true), knowsModel)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D endpoint configuration: %w", err)
	}
	c.Configuration = config.Name
	knowsConfiguration, err := retried(ctx, name, configurationSpreads)
	if err != nil {
		return nil, err
	}
	if c.Endpoint, err = sagemaker.NewEndpoint(ctx, name+"-endpoint", &sagemaker.EndpointArgs{
		Name:               pulumi.String(env.EndpointName()),
		EndpointConfigName: config.Name,
	}, of, knowsConfiguration, pulumi.DependsOn([]pulumi.Resource{logs})); err != nil {
		return nil, fmt.Errorf("creating Gen3D endpoint: %w", err)
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"endpointName": c.Endpoint.Name, "endpointArn": c.Endpoint.Arn}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D endpoint %s: %w", name, err)
	}
	return c, nil
}

func (args *EndpointArgs) model() *sagemaker.ModelArgs {
	model := &sagemaker.ModelArgs{
		ExecutionRoleArn: args.Inference.Role.Arn,
		PrimaryContainer: sagemaker.ModelPrimaryContainerArgs{
			Image: args.Image,
			// No fallback: the container fails to start if the model cannot be
			// loaded.
			Environment: pulumi.StringMap{
				"GEN3D_BACKEND": pulumi.String(string(job.BackendSAM3D)),
				// AWS does not document that SageMaker sets it.
				"AWS_REGION":      pulumi.String(args.Env.Region),
				"DATA_BUCKET":     args.Storage.Data.Bucket,
				"STACK":           pulumi.String(args.Env.Stack),
				"MAX_CONCURRENCY": pulumi.String(fmt.Sprint(args.Model.MaxConcurrency)),
				// The server times out a minute before SageMaker does, so that
				// it can report the failure.
				"INVOCATION_TIMEOUT": pulumi.String(fmt.Sprintf("%ds", args.Model.InvocationTimeout-60)),
				// The worker's own default would end the start before the
				// stack's timeout does.
				"WORKER_SETUP_TIMEOUT":        pulumi.String(fmt.Sprintf("%ds", args.Model.StartupTimeout-30)),
				"INSTANCE_TYPE":               pulumi.String(args.Model.InstanceType),
				"INSTANCE_PRICE_USD_PER_HOUR": pulumi.String(fmt.Sprintf("%.4f", args.Model.Instance().USDPerHour)),
				"LIMITS":                      pulumi.String(args.Limits),
			},
			ModelDataSource: sagemaker.ModelPrimaryContainerModelDataSourceArgs{
				S3DataSources: sagemaker.ModelPrimaryContainerModelDataSourceS3DataSourceArray{
					sagemaker.ModelPrimaryContainerModelDataSourceS3DataSourceArgs{
						S3Uri:           join("s3://", args.Storage.Model.Bucket, "/", WeightsPrefix),
						S3DataType:      pulumi.String("S3Prefix"),
						CompressionType: pulumi.String("None"),
					},
				},
			},
		},
	}
	if args.Network != nil {
		model.VpcConfig = sagemaker.ModelVpcConfigArgs{Subnets: args.Network.Subnets, SecurityGroupIds: args.Network.SecurityGroup}
	}
	return model
}

func (args *EndpointArgs) configuration(model *sagemaker.Model) *sagemaker.EndpointConfigurationArgs {
	s3 := func(prefix string) pulumi.StringInput {
		return join("s3://", args.Storage.Model.Bucket, "/", strings.TrimSuffix(prefix, "/"))
	}
	return &sagemaker.EndpointConfigurationArgs{
		ProductionVariants: sagemaker.EndpointConfigurationProductionVariantArray{
			sagemaker.EndpointConfigurationProductionVariantArgs{
				VariantName:         pulumi.String(variantName),
				ModelName:           model.Name,
				InstanceType:        pulumi.String(args.Model.InstanceType),
				InferenceAmiVersion: pulumi.String(args.Model.HostAMI()),
				// SageMaker needs one instance at least at first; scaling
				// reduces it to the minimum.
				InitialInstanceCount:                        pulumi.Int(max(1, args.Scaling.Min)),
				InitialVariantWeight:                        pulumi.Float64(1),
				ContainerStartupHealthCheckTimeoutInSeconds: pulumi.Int(args.Model.StartupTimeout),
				ModelDataDownloadTimeoutInSeconds:           pulumi.Int(args.Model.DownloadTimeout),
			},
		},
		AsyncInferenceConfig: sagemaker.EndpointConfigurationAsyncInferenceConfigArgs{
			ClientConfig: sagemaker.EndpointConfigurationAsyncInferenceConfigClientConfigArgs{
				MaxConcurrentInvocationsPerInstance: pulumi.Int(args.Model.MaxConcurrency),
			},
			OutputConfig: sagemaker.EndpointConfigurationAsyncInferenceConfigOutputConfigArgs{
				S3OutputPath:  s3(asyncOutputPrefix),
				S3FailurePath: s3(asyncFailurePrefix),
				KmsKeyId:      args.Key.arn(),
				NotificationConfig: sagemaker.EndpointConfigurationAsyncInferenceConfigOutputConfigNotificationConfigArgs{
					SuccessTopic: args.Inference.Success.Arn,
					ErrorTopic:   args.Inference.Error.Arn,
				},
			},
		},
	}
}
