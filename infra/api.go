package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/handlers/api/route"
)

// Type tokens of [API] and [Routes].
const (
	APIToken    = "gen3d:infra:API"
	RoutesToken = "gen3d:infra:Routes"
)

// APIArgs are the inputs of [NewAPI].
type APIArgs struct {
	Env              Environment
	LogRetentionDays int
	Key              *Encryption
}

// API is the HTTP API's gateway. What it routes where comes with [NewRoutes]:
// the authorizer needs the page's client, and that the page's address, and that
// the gateway as an origin.
type API struct {
	pulumi.ResourceState

	API   *apigatewayv2.Api   // CloudFront's origin, the routes, alarms; stack output
	Stage *apigatewayv2.Stage // alarms
}

// stageName is the one stage that adds nothing to a path.
const stageName = "$default"

// Requests a second over all users, and how many at once above that.
const (
	rateLimit  = 50
	burstLimit = 100
)

// accessLogFormat has neither addresses nor names nor tokens. Every value is
// quoted, because API Gateway writes - for what a request does not have. For that
// reason the error is not $context.error.messageString, which is quoted where
// there is an error and - where there is none.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
const accessLogFormat = `{"requestId":"$context.requestId","time":"$context.requestTime","route":"$context.routeKey",` +
	`"status":"$context.status","bytes":"$context.responseLength","ms":"$context.responseLatency",` +
	`"integrationMs":"$context.integrationLatency","integrationStatus":"$context.integrationStatus",` +
	`"authorizerError":"$context.authorizer.error","error":"$context.error.message"}`

// NewAPI makes the gateway and its stage, throttled and logged.
func NewAPI(ctx *pulumi.Context, name string, args *APIArgs, opts ...pulumi.ResourceOption) (*API, error) {
	c := &API{}
	if err := ctx.RegisterComponentResource(APIToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D API %s: %w", name, err)
	}
	of, env := pulumi.Parent(c), args.Env
	var err error
	if c.API, err = apigatewayv2.NewApi(ctx, name+"-gateway", &apigatewayv2.ApiArgs{
		Name:         pulumi.String(env.Name("Api")),
		Description:  pulumi.String("Gen3D " + env.Stack + ": jobs"),
		ProtocolType: pulumi.String("HTTP"),
		// No CORS: the page calls it under its own origin.
	}, of); err != nil {
		return nil, fmt.Errorf("creating Gen3D gateway: %w", err)
	}
	logs, err := cloudwatch.NewLogGroup(ctx, name+"-logs", &cloudwatch.LogGroupArgs{
		// Groups under vendedlogs need no line of their own in the account's
		// resource policy, whose size is limited.
		// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
		Name:            pulumi.String("/aws/vendedlogs/apis/" + env.Name("Api")),
		RetentionInDays: pulumi.Int(args.LogRetentionDays),
		KmsKeyId:        args.Key.arn(),
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D gateway log group: %w", err)
	}
	if c.Stage, err = apigatewayv2.NewStage(ctx, name+"-stage", &apigatewayv2.StageArgs{
		ApiId:      c.API.ID(),
		Name:       pulumi.String(stageName),
		AutoDeploy: pulumi.Bool(true),
		DefaultRouteSettings: apigatewayv2.StageDefaultRouteSettingsArgs{
			ThrottlingRateLimit:    pulumi.Float64(rateLimit),
			ThrottlingBurstLimit:   pulumi.Int(burstLimit),
			DetailedMetricsEnabled: pulumi.Bool(true),
		},
		AccessLogSettings: apigatewayv2.StageAccessLogSettingsArgs{
			DestinationArn: logs.Arn,
			Format:         pulumi.String(accessLogFormat),
		},
	}, of); err != nil {
		return nil, fmt.Errorf("creating Gen3D gateway stage: %w", err)
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"apiEndpoint": c.API.ApiEndpoint}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D API %s: %w", name, err)
	}
	return c, nil
}

// RoutesArgs are the inputs of [NewRoutes].
type RoutesArgs struct {
	Env      Environment
	API      *API
	Function *lambda.Function
	Issuer   pulumi.StringOutput
	ClientID pulumi.StringOutput
}

// Routes says which requests reach the function, and with whose token.
type Routes struct {
	pulumi.ResourceState
}

// tokenScopes are what a token must have one of: openid is in the page's access
// tokens, the other in those of `gen3d token`. ID tokens have no scope. Without
// this they would be accepted, because their audience is the client too.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
var tokenScopes = []string{"openid", "aws.cognito.signin.user.admin"}

// NewRoutes makes the JWT authorizer, the function's integration and every route
// of [route.Gateway].
func NewRoutes(ctx *pulumi.Context, name string, args *RoutesArgs, opts ...pulumi.ResourceOption) (*Routes, error) {
	c := &Routes{}
	if err := ctx.RegisterComponentResource(RoutesToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D routes %s: %w", name, err)
	}
	of, api := pulumi.Parent(c), args.API.API
	authorizer, err := apigatewayv2.NewAuthorizer(ctx, name+"-authorizer", &apigatewayv2.AuthorizerArgs{
		ApiId:           api.ID(),
		Name:            pulumi.String(args.Env.Name("Users")),
		AuthorizerType:  pulumi.String("JWT"),
		IdentitySources: pulumi.ToStringArray([]string{"$request.header.Authorization"}),
		JwtConfiguration: apigatewayv2.AuthorizerJwtConfigurationArgs{
			Issuer:    args.Issuer,
			Audiences: pulumi.StringArray{args.ClientID}, // matched with client_id where there is no aud
		},
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D authorizer: %w", err)
	}
	integration, err := apigatewayv2.NewIntegration(ctx, name+"-function", &apigatewayv2.IntegrationArgs{
		ApiId:                api.ID(),
		IntegrationType:      pulumi.String("AWS_PROXY"),
		IntegrationMethod:    pulumi.String("POST"),
		IntegrationUri:       args.Function.InvokeArn,
		PayloadFormatVersion: pulumi.String("2.0"),
		TimeoutMilliseconds:  pulumi.Int(apiSeconds * 1000),
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D integration: %w", err)
	}
	if _, err := lambda.NewPermission(ctx, name+"-permission", &lambda.PermissionArgs{
		Action:    pulumi.String("lambda:InvokeFunction"),
		Function:  args.Function.Name,
		Principal: pulumi.String("apigateway.amazonaws.com"),
		SourceArn: join(api.ExecutionArn, "/"+stageName+"/*/api/*"),
	}, of); err != nil {
		return nil, fmt.Errorf("letting the gateway call the API function: %w", err)
	}
	for _, r := range route.Gateway {
		settings := &apigatewayv2.RouteArgs{
			ApiId:             api.ID(),
			RouteKey:          pulumi.String(r.Key()),
			Target:            join("integrations/", integration.ID()),
			AuthorizationType: pulumi.String("NONE"),
		}
		if !r.Public {
			settings.AuthorizationType = pulumi.String("JWT")
			settings.AuthorizerId = authorizer.ID()
			settings.AuthorizationScopes = pulumi.ToStringArray(tokenScopes)
		}
		if _, err := apigatewayv2.NewRoute(ctx, name+"-"+r.Name, settings, of); err != nil {
			return nil, fmt.Errorf("creating Gen3D route %s: %w", r.Key(), err)
		}
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"authorizerId": authorizer.ID()}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D routes %s: %w", name, err)
	}
	return c, nil
}
