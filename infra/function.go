package infra

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// FunctionToken is the type of [Function].
const FunctionToken = "gen3d:infra:Function"

// FunctionArgs are the inputs of [NewFunction].
type FunctionArgs struct {
	Env              Environment
	Artifacts        Artifacts
	Part             string // extract, notify, api or sweep
	Description      string
	MemoryMB         int
	TimeoutSeconds   int
	Concurrency      int // reserved; 0: none
	Environment      pulumi.StringMap
	Statements       []Statement // its permissions, in addition to writing its log
	LogRetentionDays int
	Network          *Network // nil: not in a VPC
	Key              *Encryption
	// DeadLetters receives the events that failed every retry. It is nil for a
	// function that is only called synchronously, whose caller gets the error.
	DeadLetters *sqs.Queue
	Retries     int // after a failed asynchronous call, 0 to 2
}

// Function is a Lambda function with its role, log group and retry settings.
type Function struct {
	pulumi.ResourceState

	Function *lambda.Function // events, routes, schedule; stack output
}

// NewFunction creates a function for provided.al2023 on arm64.
func NewFunction(ctx *pulumi.Context, name string, args *FunctionArgs, opts ...pulumi.ResourceOption) (*Function, error) {
	c := &Function{}
	if err := ctx.RegisterComponentResource(FunctionToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D function %s: %w", name, err)
	}
	of, env := pulumi.Parent(c), args.Env
	physical := env.Name(capital(args.Part) + "Lambda")
	archive, err := args.Artifacts.zipped(args.Part)
	if err != nil {
		return nil, err
	}
	logs, err := cloudwatch.NewLogGroup(ctx, name+"-logs", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String("/aws/lambda/" + physical),
		RetentionInDays: pulumi.Int(args.LogRetentionDays),
		KmsKeyId:        args.Key.arn(),
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D log group of %s: %w", args.Part, err)
	}
	role, err := iam.NewRole(ctx, name+"-role", &iam.RoleArgs{
		Name:             pulumi.String(env.Name("Lambda" + capital(args.Part) + "Role")),
		Description:      pulumi.String("Gen3D " + env.Stack + ": function " + args.Part),
		AssumeRolePolicy: assumedByLambda(),
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D role of %s: %w", args.Part, err)
	}
	rights, err := iam.NewRolePolicy(ctx, name+"-policy", &iam.RolePolicyArgs{
		Name:   pulumi.String("Gen3D" + capital(args.Part)),
		Role:   role.ID(),
		Policy: policy(args.statements(logs)...),
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D policy of %s: %w", args.Part, err)
	}
	function := &lambda.FunctionArgs{
		Name:          pulumi.String(physical),
		Description:   pulumi.String(args.Description),
		Runtime:       pulumi.String("provided.al2023"),
		Architectures: pulumi.ToStringArray([]string{"arm64"}),
		Handler:       pulumi.String("bootstrap"),
		Code:          pulumi.NewFileArchive(archive),
		Role:          role.Arn,
		MemorySize:    pulumi.Int(args.MemoryMB),
		Timeout:       pulumi.Int(args.TimeoutSeconds),
		Environment:   lambda.FunctionEnvironmentArgs{Variables: args.Environment},
		KmsKeyArn:     args.Key.arn(),
		// The functions write JSON lines, which the format Text leaves
		// unchanged.
		LoggingConfig: lambda.FunctionLoggingConfigArgs{LogFormat: pulumi.String("Text"), LogGroup: logs.Name},
	}
	if args.Concurrency > 0 {
		function.ReservedConcurrentExecutions = pulumi.Int(args.Concurrency)
	}
	if args.Network != nil {
		function.VpcConfig = lambda.FunctionVpcConfigArgs{SubnetIds: args.Network.Subnets, SecurityGroupIds: args.Network.SecurityGroup}
	}
	if c.Function, err = lambda.NewFunction(ctx, name+"-function", function, of, pulumi.DependsOn([]pulumi.Resource{rights})); err != nil {
		return nil, fmt.Errorf("creating Gen3D function %s: %w", args.Part, err)
	}
	if args.DeadLetters != nil {
		if _, err := lambda.NewFunctionEventInvokeConfig(ctx, name+"-retries", &lambda.FunctionEventInvokeConfigArgs{
			FunctionName:             c.Function.Name,
			MaximumRetryAttempts:     pulumi.Int(args.Retries),
			MaximumEventAgeInSeconds: pulumi.Int(21600), // the maximum, so that throttling loses no events
			DestinationConfig: lambda.FunctionEventInvokeConfigDestinationConfigArgs{
				OnFailure: lambda.FunctionEventInvokeConfigDestinationConfigOnFailureArgs{Destination: args.DeadLetters.Arn},
			},
		}, of); err != nil {
			return nil, fmt.Errorf("creating Gen3D retries of %s: %w", args.Part, err)
		}
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"functionName": c.Function.Name}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D function %s: %w", name, err)
	}
	return c, nil
}

func (args *FunctionArgs) statements(logs *cloudwatch.LogGroup) []Statement {
	statements := append([]Statement{{
		Sid:       "WriteLog",
		Actions:   []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resources: []pulumi.StringInput{join(logs.Arn, ":*")},
	}}, args.Statements...)
	if args.DeadLetters != nil {
		statements = append(statements, Statement{
			Sid:       "HandOverFailedEvents",
			Actions:   []string{"sqs:SendMessage"},
			Resources: []pulumi.StringInput{args.DeadLetters.Arn},
		})
	}
	return append(append(statements, args.Key.use()...), args.Network.use(functionNetworkActions)...)
}

// capital returns part with an upper-case first letter.
func capital(part string) string { return strings.ToUpper(part[:1]) + part[1:] }
