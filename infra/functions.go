package infra

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cognito"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/infra/settings"
	"gen3d/internal/instances"
	"gen3d/internal/job"
)

// FunctionsToken is the type of [Functions].
const FunctionsToken = "gen3d:infra:Functions"

// FunctionsArgs are the inputs of [NewFunctions].
type FunctionsArgs struct {
	Env       Environment
	Config    Config
	Artifacts Artifacts
	Limits    string // of a job, as JSON
	Storage   *Storage
	Inference *Inference
	Endpoint  *Endpoint // nil while the model is off
	Pool      *cognito.UserPool
	Mail      *Mail
	Website   pulumi.StringOutput // for the links in mails
	Network   *Network
	Key       *Encryption
}

// Functions are the four Lambda functions of the service.
type Functions struct {
	pulumi.ResourceState

	Extract, Notify, API, Sweep *Function  // events, routes, alarms; stack outputs
	DeadLetters                 *sqs.Queue // alarms; stack output
}

// All lists the functions in the order of a job.
func (f *Functions) All() []*Function { return []*Function{f.API, f.Extract, f.Notify, f.Sweep} }

// Timeouts, in seconds.
const (
	extractSeconds = 60
	notifySeconds  = 60
	apiSeconds     = 15
	sweepSeconds   = 300
)

// NewFunctions creates the functions, the dead-letter queue, the schedule of
// Sweep and the subscription of Notify.
func NewFunctions(ctx *pulumi.Context, name string, args *FunctionsArgs, opts ...pulumi.ResourceOption) (*Functions, error) {
	c := &Functions{}
	if err := ctx.RegisterComponentResource(FunctionsToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D functions %s: %w", name, err)
	}
	var err error
	if c.DeadLetters, err = newDeadLetters(ctx, name, args.Env, c); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		into **Function
		args FunctionArgs
	}{
		{&c.Extract, args.extract()},
		{&c.Notify, args.notify()},
		{&c.API, args.api()},
		{&c.Sweep, args.sweep()},
	} {
		function := part.args
		function.Env, function.Artifacts, function.Key = args.Env, args.Artifacts, args.Key
		function.LogRetentionDays = args.Config.LogRetentionDays
		if function.Part != "api" {
			function.DeadLetters, function.Retries = c.DeadLetters, 2
		}
		function.Environment["DATA_BUCKET"] = args.Storage.Data.Bucket
		function.Environment["STACK"] = pulumi.String(args.Env.Stack)
		if *part.into, err = NewFunction(ctx, function.Part, &function, pulumi.Parent(c)); err != nil {
			return nil, err
		}
	}
	if err := args.subscribe(ctx, name, c); err != nil {
		return nil, err
	}
	if err := args.schedule(ctx, name, c); err != nil {
		return nil, err
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{
		"extract": c.Extract.Function.Name, "notify": c.Notify.Function.Name,
		"api": c.API.Function.Name, "sweep": c.Sweep.Function.Name,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D functions %s: %w", name, err)
	}
	return c, nil
}

func (args *FunctionsArgs) extract() FunctionArgs {
	data := args.Storage.Data.Arn
	var wake []Statement
	if args.wakes() {
		wake = args.wake()
	}
	return FunctionArgs{
		Part:           "extract",
		Description:    "Creates a job from a photo and invokes the endpoint for each object",
		MemoryMB:       512,
		TimeoutSeconds: extractSeconds,
		Network:        args.Network,
		Environment: pulumi.StringMap{
			"SAGEMAKER_ENDPOINT_NAME":    pulumi.String(args.Env.EndpointName()),
			"REQUEST_TTL_SECONDS":        pulumi.String(fmt.Sprint(args.Config.Model.RequestTTL)),
			"INVOCATION_TIMEOUT_SECONDS": pulumi.String(fmt.Sprint(args.Config.Model.InvocationTimeout)),
			"LIMITS":                     pulumi.String(args.Limits),
			"WAKE":                       pulumi.String(args.Config.Autoscaling.Wake),
		},
		Statements: append([]Statement{
			// The deletions remove the late photo of a job deleted in the
			// meantime, and the version that a form posted twice has created.
			objects("ReadPhotos", data, []string{"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectVersion"}, "users/*/input/*"),
			objects("ReadAndWriteJobs", data, []string{"s3:DeleteObject", "s3:GetObject", "s3:PutObject"}, "users/*/output/*"),
			// Claims are written with If-Match, which needs permission to read.
			objects("MarkPendingAndClaim", data, []string{"s3:DeleteObject", "s3:GetObject", "s3:PutObject"}, job.PendingPrefix+"*"),
			listing("FindJobsAndPending", data, job.UsersPrefix+"*", job.PendingPrefix+"*"),
			{Sid: "AskTheModel", Actions: []string{"sagemaker:InvokeEndpointAsync"}, Resources: []pulumi.StringInput{args.endpointARN()}},
		}, wake...),
	}
}

// endpointARN returns the endpoint's ARN, which has its name in lower case.
// Without an endpoint the ARN is formed from the name that it will have.
func (args *FunctionsArgs) endpointARN() pulumi.StringInput {
	if args.Endpoint != nil {
		return args.Endpoint.Endpoint.Arn
	}
	return pulumi.String(args.Env.ARN("sagemaker", "endpoint/"+strings.ToLower(args.Env.EndpointName())))
}

// wakes reports whether functions start the endpoint's first instance.
func (args *FunctionsArgs) wakes() bool {
	return instances.When(args.Config.Autoscaling.Wake).Submit()
}

// wake returns the statements that let a function start the first instance and
// record when it did.
func (args *FunctionsArgs) wake() []Statement {
	return append(args.times(), Statement{
		Sid:       "WakeTheModel",
		Actions:   []string{"sagemaker:DescribeEndpoint", "sagemaker:UpdateEndpointWeightsAndCapacities"},
		Resources: []pulumi.StringInput{args.endpointARN()},
	})
}

// times returns the statements that let a function read and record how long
// starts and objects take. The document is written with If-Match, which needs
// permission to read; without the permission to list, S3 would not tell that
// there is none yet.
func (args *FunctionsArgs) times() []Statement {
	data := args.Storage.Data.Arn
	return []Statement{
		objects("RecordTimes", data, []string{"s3:GetObject", "s3:PutObject"}, job.TimesKey),
		listing("FindTimes", data, job.TimesKey),
	}
}

func (args *FunctionsArgs) notify() FunctionArgs {
	data := args.Storage.Data.Arn
	return FunctionArgs{
		Part:           "notify",
		Description:    "Mails the user and the admin when every object of a job has a result",
		MemoryMB:       256,
		TimeoutSeconds: notifySeconds,
		Concurrency:    args.reserved(settings.NotifyConcurrency),
		Environment: pulumi.StringMap{
			"WEBSITE_URL":           args.Website,
			"EMAIL_SENDER":          pulumi.String(args.Config.Email.Sender),
			"EMAIL_ADMIN":           pulumi.String(args.Config.Email.Admin),
			"SES_CONFIGURATION_SET": args.Mail.ConfigurationSet,
			"USER_POOL_ID":          args.Pool.ID(),
			"LEASE_SECONDS":         pulumi.String(fmt.Sprint(notifySeconds)),
		},
		Statements: append([]Statement{
			// The deletions remove the photo and the late result of a job
			// deleted in the meantime.
			objects("RemovePhotos", data, []string{"s3:DeleteObject"}, "users/*/input/*"),
			objects("ReadAndWriteJobs", data, []string{"s3:DeleteObject", "s3:GetObject", "s3:PutObject"}, "users/*/output/*"),
			objects("EndPending", data, []string{"s3:DeleteObject"}, job.PendingPrefix+"*"),
			listing("FindResults", data, job.UsersPrefix+"*"),
			{Sid: "FindAddresses", Actions: []string{"cognito-idp:AdminGetUser"}, Resources: []pulumi.StringInput{args.Pool.Arn}},
			{
				Sid:     "SendMail",
				Actions: []string{"ses:SendEmail", "ses:SendRawEmail"},
				// While an account is in SES's sandbox, SES checks the
				// permission for the recipients' identities as well; the
				// condition limits it to the sender.
				Resources: []pulumi.StringInput{pulumi.String(args.Env.ARN("ses", "identity/*")), args.Mail.ConfigurationSetARN},
				Conditions: map[string]map[string]pulumi.Input{
					"StringEquals": {"ses:FromAddress": pulumi.String(args.Config.Email.Sender)},
				},
			},
		}, args.times()...),
	}
}

func (args *FunctionsArgs) api() FunctionArgs {
	data := args.Storage.Data.Arn
	wake := append(args.times(), Statement{ // to say what a queued job waits for
		Sid: "LookAtTheModel", Actions: []string{"sagemaker:DescribeEndpoint"}, Resources: []pulumi.StringInput{args.endpointARN()},
	})
	if args.wakes() {
		wake = args.wake()
	}
	return FunctionArgs{
		Part:           "api",
		Description:    "Serves the HTTP API",
		MemoryMB:       512,
		TimeoutSeconds: apiSeconds,
		Network:        args.Network,
		Environment: pulumi.StringMap{
			"LIMITS":                  pulumi.String(args.Limits),
			"SAGEMAKER_ENDPOINT_NAME": pulumi.String(args.Env.EndpointName()),
			"WAKE":                    pulumi.String(args.Config.Autoscaling.Wake),
		},
		Statements: append([]Statement{
			// The role needs the permissions of the requests that it presigns.
			// Links to photos name the version. A photo or mask that is copied
			// to another job must be the current version if the first job has
			// not started.
			objects("PhotosOfJobs", data, []string{"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"}, "users/*/input/*"),
			objects("FilesOfJobs", data, []string{"s3:DeleteObject", "s3:GetObject", "s3:PutObject"}, "users/*/output/*"),
			objects("MarkPendingAndClaim", data, []string{"s3:DeleteObject", "s3:PutObject"}, job.PendingPrefix+"*"),
			objects("ReadClaims", data, []string{"s3:GetObject"}, job.ClaimsKey("*")),
			listing("ListJobs", data, job.UsersPrefix+"*", job.PendingPrefix+"*"),
		}, wake...),
	}
}

func (args *FunctionsArgs) sweep() FunctionArgs {
	data := args.Storage.Data.Arn
	return FunctionArgs{
		Part:           "sweep",
		Description:    "Ends jobs that lost an event",
		MemoryMB:       256,
		TimeoutSeconds: sweepSeconds,
		Concurrency:    args.reserved(settings.SweepConcurrency),
		Network:        args.Network,
		Environment: pulumi.StringMap{
			"REQUEST_TTL_SECONDS":        pulumi.String(fmt.Sprint(args.Config.Model.RequestTTL)),
			"INVOCATION_TIMEOUT_SECONDS": pulumi.String(fmt.Sprint(args.Config.Model.InvocationTimeout)),
			"LIMITS":                     pulumi.String(args.Limits),
		},
		Statements: []Statement{
			// Sweep copies a photo onto itself where its event was lost, or its
			// job has waited.
			objects("SendPhotosAgain", data, []string{"s3:GetObject", "s3:PutObject"}, "users/*/input/*"),
			objects("ReadAndWriteJobs", data, []string{"s3:GetObject", "s3:PutObject"}, "users/*/output/*"),
			objects("EndPending", data, []string{"s3:DeleteObject", "s3:GetObject"}, job.PendingPrefix+"*"),
			objects("Claim", data, []string{"s3:PutObject"}, job.ClaimsKey("*")),
			listing("FindPending", data, job.UsersPrefix+"*", job.PendingPrefix+"*"),
		},
	}
}

func (args *FunctionsArgs) reserved(n int) int {
	if args.Config.ReserveConcurrency {
		return n
	}
	return 0
}

// objects allows actions on the data bucket's objects whose keys match a
// pattern.
func objects(sid string, bucket pulumi.StringInput, actions []string, keys string) Statement {
	return Statement{Sid: sid, Actions: actions, Resources: []pulumi.StringInput{join(bucket, "/"+keys)}}
}
