package infra

import (
	_ "embed" // the lifecycle script
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sagemaker"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/scheduler"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// NotebookToken is the type of [WeightsNotebook].
const NotebookToken = "gen3d:infra:Notebook"

//go:embed notebook.sh
var notebookScript string

// NotebookArgs are the inputs of [NewNotebook].
type NotebookArgs struct {
	Env      Environment
	Notebook Notebook
	Storage  *Storage
	Registry *Registry
	Token    *secretsmanager.Secret
	Key      *Encryption
}

// WeightsNotebook is a notebook instance that downloads and tries the model's
// weights.
type WeightsNotebook struct {
	pulumi.ResourceState

	URL pulumi.StringOutput // stack output
}

// NewNotebook creates the instance, its lifecycle script, and a schedule that
// stops it every day, because a running GPU costs more than the rest of the
// stack.
func NewNotebook(ctx *pulumi.Context, name string, args *NotebookArgs, opts ...pulumi.ResourceOption) (*WeightsNotebook, error) {
	c := &WeightsNotebook{}
	if err := ctx.RegisterComponentResource(NotebookToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D notebook %s: %w", name, err)
	}
	of, env := pulumi.Parent(c), args.Env
	role, err := iam.NewRole(ctx, name+"-role", &iam.RoleArgs{
		Name:             pulumi.String(env.Name("NotebookRole")),
		Description:      pulumi.String("Gen3D " + env.Stack + ": the notebook that prepares the model's weights"),
		AssumeRolePolicy: assumedBy(env, "sagemaker.amazonaws.com"),
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D notebook role: %w", err)
	}
	rights, err := iam.NewRolePolicy(ctx, name+"-policy", &iam.RolePolicyArgs{
		Name: pulumi.String("Gen3DNotebook"), Role: role.ID(), Policy: policy(args.statements()...),
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D notebook policy: %w", err)
	}
	script := pulumi.All(args.Storage.Model.Bucket, args.Token.Arn, args.Registry.Repository.RepositoryUrl).ApplyT(func(values []any) string {
		text := strings.NewReplacer("@REGION@", env.Region, "@BUCKET@", values[0].(string), "@PREFIX@", WeightsPrefix,
			"@SECRET@", values[1].(string), "@REPOSITORY@", values[2].(string)).Replace(notebookScript)
		return base64.StdEncoding.EncodeToString([]byte(text))
	}).(pulumi.StringOutput)
	lifecycle, err := sagemaker.NewNotebookInstanceLifecycleConfiguration(ctx, name+"-lifecycle", &sagemaker.NotebookInstanceLifecycleConfigurationArgs{
		// The script runs at every start, because a stop deletes what is
		// outside the instance's volume, such as images and kernels.
		Name: pulumi.String(env.Name("Notebook")), OnStart: script,
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D notebook lifecycle: %w", err)
	}
	repeated, err := retried(ctx, name, roleSpreads)
	if err != nil {
		return nil, err
	}
	notebook, err := sagemaker.NewNotebookInstance(ctx, name+"-instance", &sagemaker.NotebookInstanceArgs{
		Name:                pulumi.String(env.Name("Notebook")),
		InstanceType:        pulumi.String(args.Notebook.InstanceType),
		RoleArn:             role.Arn,
		LifecycleConfigName: lifecycle.Name,
		// No platform: AWS takes notebook-al2023-v1, a name that pulumi-aws v6
		// refuses. https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-al2.html
		VolumeSize: pulumi.Int(100), // GB, for source and weights; images are on the instance's own disk
		InstanceMetadataServiceConfiguration: sagemaker.NotebookInstanceInstanceMetadataServiceConfigurationArgs{
			MinimumInstanceMetadataServiceVersion: pulumi.String("2"),
		},
	}, of, repeated, pulumi.DependsOn([]pulumi.Resource{rights}), pulumi.IgnoreChanges([]string{"platformIdentifier"}))
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D notebook: %w", err)
	}
	if err := args.stopDaily(ctx, name, notebook, of); err != nil {
		return nil, err
	}
	c.URL = join("https://", notebook.Url, "/lab").ToStringOutput()
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"url": c.URL}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D notebook %s: %w", name, err)
	}
	return c, nil
}

func (args *NotebookArgs) statements() []Statement {
	model := args.Storage.Model.Arn
	logs := args.Env.ARN("logs", "log-group:/aws/sagemaker/NotebookInstances")
	return append([]Statement{
		{
			Sid:       "KeepWeights",
			Actions:   []string{"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"},
			Resources: []pulumi.StringInput{join(model, "/"+WeightsPrefix+"*")},
		},
		listing("ListWeights", model, WeightsPrefix+"*"),
		{
			Sid:       "PullTheImage",
			Actions:   []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"},
			Resources: []pulumi.StringInput{args.Registry.Repository.Arn},
		},
		{Any: anyImageLogin, Actions: anyImageLogin.Actions},
		{Sid: "ReadToken", Actions: []string{"secretsmanager:GetSecretValue"}, Resources: []pulumi.StringInput{args.Token.Arn}},
		{
			Sid:       "WriteLogs",
			Actions:   []string{"logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"},
			Resources: []pulumi.StringInput{pulumi.String(logs), pulumi.String(logs + ":log-stream:" + args.Env.Name("Notebook") + "/*")},
		},
	}, args.Key.use()...)
}

// stopDaily schedules the stop. AWS refuses to stop a stopped instance; the
// schedule does not retry.
func (args *NotebookArgs) stopDaily(ctx *pulumi.Context, name string, notebook *sagemaker.NotebookInstance, of pulumi.ResourceOption) error {
	env := args.Env
	role, err := iam.NewRole(ctx, name+"-stop-role", &iam.RoleArgs{
		Name:             pulumi.String(env.Name("SchedulerNotebookRole")),
		Description:      pulumi.String("Gen3D " + env.Stack + ": the schedule that stops the notebook"),
		AssumeRolePolicy: assumedBy(env, "scheduler.amazonaws.com"),
	}, of)
	if err != nil {
		return fmt.Errorf("creating the role of the notebook's schedule: %w", err)
	}
	rights, err := iam.NewRolePolicy(ctx, name+"-stop-policy", &iam.RolePolicyArgs{
		Name: pulumi.String("Gen3DStopNotebook"), Role: role.ID(),
		Policy: policy(Statement{Sid: "StopNotebook", Actions: []string{"sagemaker:StopNotebookInstance"}, Resources: []pulumi.StringInput{notebook.Arn}}),
	}, of)
	if err != nil {
		return fmt.Errorf("creating the policy of the notebook's schedule: %w", err)
	}
	if _, err := scheduler.NewSchedule(ctx, name+"-stop", &scheduler.ScheduleArgs{
		Name:               pulumi.String(env.Name("StopNotebook")),
		Description:        pulumi.String("Stops Gen3D's notebook every day"),
		ScheduleExpression: pulumi.String(fmt.Sprintf("cron(0 %d * * ? *)", args.Notebook.StopHour)),
		FlexibleTimeWindow: scheduler.ScheduleFlexibleTimeWindowArgs{Mode: pulumi.String("OFF")},
		Target: scheduler.ScheduleTargetArgs{
			// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
			Arn:         pulumi.String("arn:" + env.Partition + ":scheduler:::aws-sdk:sagemaker:stopNotebookInstance"),
			RoleArn:     role.Arn,
			Input:       pulumi.JSONMarshal(pulumi.Map{"NotebookInstanceName": notebook.Name}),
			RetryPolicy: scheduler.ScheduleTargetRetryPolicyArgs{MaximumRetryAttempts: pulumi.Int(0), MaximumEventAgeInSeconds: pulumi.Int(3600)},
		},
	}, of, pulumi.DependsOn([]pulumi.Resource{rights})); err != nil {
		return fmt.Errorf("creating the notebook's schedule: %w", err)
	}
	return nil
}
