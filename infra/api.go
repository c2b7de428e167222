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

// API is the HTTP API without its routes, which [NewRoutes] adds: the
// authorizer needs the page's client, the client needs the page's address, and
// the distribution at that address needs the API as an origin.
type API struct {
	pulumi.ResourceState

	API   *apigatewayv2.Api   // CloudFront's origin, the routes, alarms; stack output
	Stage *apigatewayv2.Stage // alarms
}

// stageName is the default stage, which adds no prefix to paths.
const stageName = "$default"

// Throttling: requests a second over all users, and the burst above that.
const (
	rateLimit  = 50
	burstLimit = 100
)

// accessLogFormat contains no addresses, names or tokens. Every value is
// quoted, because API Gateway writes - for a variable without a value. The
// error is not $context.error.messageString, because that is quoted only where
// there is an error.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
const accessLogFormat = `{"requestId":"$context.requestId","time":"$context.requestTime","route":"$context.routeKey",` +
	`"status":"$context.status","bytes":"$context.responseLength","ms":"$context.responseLatency",` +
	`"integrationMs":"$context.integrationLatency","integrationStatus":"$context.integrationStatus",` +
	`"authorizerError":"$context.authorizer.error","error":"$context.error.message"}`

// NewAPI creates the gateway and its stage, with throttling and access logs.
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
		// No CORS: the page calls the API under its own origin.
	}, of); err != nil {
		return nil, fmt.Errorf("creating Gen3D gateway: %w", err)
	}
	logs, err := cloudwatch.NewLogGroup(ctx, name+"-logs", &cloudwatch.LogGroupArgs{
		// Log groups under /aws/vendedlogs need no entry in the account's
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
			ThrottlingRateLimit:  pulumi.Float64(rateLimit),
			ThrottlingBurstLimit: pulumi.Int(burstLimit),
			// Metrics of each route cost extra, and nothing reads them.
			// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
			DetailedMetricsEnabled: pulumi.Bool(false),
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

// Routes connects requests to the function and sets which tokens they need.
type Routes struct {
	pulumi.ResourceState
}

// tokenScopes are the scopes of which a token must have one: openid is in the
// page's access tokens, the other in those of `gen3d token`. ID tokens have no
// scope. Without this check they would be accepted, because their audience is
// the client as well.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
var tokenScopes = []string{"openid", "aws.cognito.signin.user.admin"}

// NewRoutes creates the JWT authorizer, the function's integration and every
// route of [route.Gateway].
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
			Audiences: pulumi.StringArray{args.ClientID}, // compared with client_id where a token has no aud
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
