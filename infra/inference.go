package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// InferenceToken is the type of [Inference].
const InferenceToken = "gen3d:infra:Inference"

// InferenceArgs are the inputs of [NewInference].
type InferenceArgs struct {
	Env        Environment
	Storage    *Storage
	Repository *ecr.Repository
	Network    *Network
	Key        *Encryption
}

// Inference is what exists whether or not the model is deployed: its role, and
// the topics on which SageMaker publishes the outcome of requests.
type Inference struct {
	pulumi.ResourceState

	Role    *iam.Role       // the model
	Policy  *iam.RolePolicy // the model depends on it
	Success *sns.Topic      // no subscriber: result documents report success
	Error   *sns.Topic      // Notify: what the container could not report
}

// NewInference creates the role and the topics.
func NewInference(ctx *pulumi.Context, name string, args *InferenceArgs, opts ...pulumi.ResourceOption) (*Inference, error) {
	c := &Inference{}
	if err := ctx.RegisterComponentResource(InferenceToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D inference %s: %w", name, err)
	}
	of := pulumi.Parent(c)
	var err error
	if c.Success, err = args.topic(ctx, name+"-success", "SAMSuccess", of); err != nil {
		return nil, err
	}
	if c.Error, err = args.topic(ctx, name+"-error", "SAMError", of); err != nil {
		return nil, err
	}
	if c.Role, err = iam.NewRole(ctx, name+"-role", &iam.RoleArgs{
		Name:             pulumi.String(args.Env.Name("SageMakerExecutionRole")),
		Description:      pulumi.String("Gen3D " + args.Env.Stack + ": the model's container and its asynchronous endpoint"),
		AssumeRolePolicy: assumedBy(args.Env, "sagemaker.amazonaws.com"),
	}, of); err != nil {
		return nil, fmt.Errorf("creating Gen3D model role: %w", err)
	}
	if c.Policy, err = iam.NewRolePolicy(ctx, name+"-policy", &iam.RolePolicyArgs{
		Name:   pulumi.String("Gen3DModel"),
		Role:   c.Role.ID(),
		Policy: policy(c.statements(args)...),
	}, of); err != nil {
		return nil, fmt.Errorf("creating Gen3D model policy: %w", err)
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"roleArn": c.Role.Arn, "errorTopicArn": c.Error.Arn, "successTopicArn": c.Success.Arn}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D inference %s: %w", name, err)
	}
	return c, nil
}

func (args *InferenceArgs) topic(ctx *pulumi.Context, name, part string, of pulumi.ResourceOption) (*sns.Topic, error) {
	topic, err := sns.NewTopic(ctx, name, &sns.TopicArgs{
		Name:           pulumi.String(args.Env.Name(part)),
		KmsMasterKeyId: args.Key.arn(),
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D topic %s: %w", part, err)
	}
	return topic, nil
}

// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-create-endpoint-prerequisites.html
func (c *Inference) statements(args *InferenceArgs) []Statement {
	env, data, model := args.Env, args.Storage.Data.Arn, args.Storage.Model.Arn
	logs := env.ARN("logs", "log-group:"+endpointLogGroup(env))
	statements := []Statement{
		// Manifests name the version of the photo.
		objects("ReadPhotos", data, []string{"s3:GetObjectVersion"}, "users/*/input/*"),
		objects("ReadManifestsAndWriteResults", data, []string{"s3:GetObject", "s3:PutObject"}, "users/*/output/*"),
		listing("TellMissingResults", data, "users/*"),
		{
			Sid:       "ReadWeights",
			Actions:   []string{"s3:GetObject"},
			Resources: []pulumi.StringInput{join(model, "/"+WeightsPrefix+"*")},
		},
		listing("ListWeights", model, WeightsPrefix+"*"),
		{
			Sid:       "WriteTheEndpointsAnswers",
			Actions:   []string{"s3:AbortMultipartUpload", "s3:PutObject"},
			Resources: []pulumi.StringInput{join(model, "/"+asyncOutputPrefix+"*"), join(model, "/"+asyncFailurePrefix+"*")},
		},
		{
			Sid:       "TellHowRequestsEnd",
			Actions:   []string{"sns:Publish"},
			Resources: []pulumi.StringInput{c.Success.Arn, c.Error.Arn},
		},
		{
			Sid:       "PullTheImage",
			Actions:   []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
			Resources: []pulumi.StringInput{args.Repository.Arn},
		},
		{Any: anyImageLogin, Actions: anyImageLogin.Actions},
		{
			Sid:       "WriteLogs",
			Actions:   []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"},
			Resources: []pulumi.StringInput{pulumi.String(logs), pulumi.String(logs + ":log-stream:*")},
		},
		{
			Any:     anyMetric,
			Actions: anyMetric.Actions,
			Conditions: map[string]map[string]pulumi.Input{
				"StringEquals": {"cloudwatch:namespace": pulumi.ToStringArray([]string{"/aws/sagemaker/Endpoints", "AWS/SageMaker", "Gen3D"})},
			},
		},
	}
	return append(append(statements, args.Key.use()...), args.Network.use(modelNetworkActions)...)
}

// listing lets a role list keys under prefixes. Without it S3 answers 403
// instead of 404 for a missing object.
func listing(sid string, bucket pulumi.StringInput, prefixes ...string) Statement {
	return Statement{
		Sid:       sid,
		Actions:   []string{"s3:ListBucket"},
		Resources: []pulumi.StringInput{bucket},
		Conditions: map[string]map[string]pulumi.Input{
			"StringLike": {"s3:prefix": pulumi.ToStringArray(prefixes)},
		},
	}
}

// endpointLogGroup is the log group to which SageMaker writes the container's
// output.
func endpointLogGroup(env Environment) string {
	return "/aws/sagemaker/Endpoints/" + env.EndpointName()
}
