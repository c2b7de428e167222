package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cognito"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Type tokens of [Identity] and [Client].
const (
	IdentityToken = "gen3d:infra:Identity"
	ClientToken   = "gen3d:infra:Client"
)

// IdentityArgs are the inputs of [NewIdentity].
type IdentityArgs struct {
	Env     Environment
	Auth    Auth
	Protect bool
}

// Identity is the user pool and its sign-in page.
type Identity struct {
	pulumi.ResourceState

	Pool      *cognito.UserPool   // Notify looks addresses up in it; stack output
	Issuer    pulumi.StringOutput // the API's authorizer and the page's configuration
	LoginHost pulumi.StringOutput // URL of the sign-in page: the page's configuration and its CSP
}

// NewIdentity creates the user pool and its sign-in domain.
func NewIdentity(ctx *pulumi.Context, name string, args *IdentityArgs, opts ...pulumi.ResourceOption) (*Identity, error) {
	c := &Identity{}
	if err := ctx.RegisterComponentResource(IdentityToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D identity %s: %w", name, err)
	}
	env := args.Env
	mfa := map[string]string{"off": "OFF", "optional": "OPTIONAL", "required": "ON"}[args.Auth.MFA]
	deletion := "INACTIVE"
	if args.Protect {
		deletion = "ACTIVE"
	}
	pool := &cognito.UserPoolArgs{
		Name:                   pulumi.String(env.Name("Users")),
		UsernameAttributes:     pulumi.ToStringArray([]string{"email"}),
		AutoVerifiedAttributes: pulumi.ToStringArray([]string{"email"}),
		UsernameConfiguration:  cognito.UserPoolUsernameConfigurationArgs{CaseSensitive: pulumi.Bool(false)},
		PasswordPolicy: cognito.UserPoolPasswordPolicyArgs{
			MinimumLength:                 pulumi.Int(12),
			RequireLowercase:              pulumi.Bool(true),
			RequireUppercase:              pulumi.Bool(true),
			RequireNumbers:                pulumi.Bool(true),
			RequireSymbols:                pulumi.Bool(true),
			TemporaryPasswordValidityDays: pulumi.Int(3),
		},
		AdminCreateUserConfig: cognito.UserPoolAdminCreateUserConfigArgs{AllowAdminCreateUserOnly: pulumi.Bool(!args.Auth.SelfSignUp)},
		AccountRecoverySetting: cognito.UserPoolAccountRecoverySettingArgs{
			RecoveryMechanisms: cognito.UserPoolAccountRecoverySettingRecoveryMechanismArray{
				cognito.UserPoolAccountRecoverySettingRecoveryMechanismArgs{Name: pulumi.String("verified_email"), Priority: pulumi.Int(1)},
			},
		},
		// A changed address takes effect only once it is verified, because
		// results are mailed to it.
		UserAttributeUpdateSettings: cognito.UserPoolUserAttributeUpdateSettingsArgs{
			AttributesRequireVerificationBeforeUpdates: pulumi.ToStringArray([]string{"email"}),
		},
		MfaConfiguration:   pulumi.String(mfa),
		DeletionProtection: pulumi.String(deletion),
	}
	if mfa != "OFF" {
		pool.SoftwareTokenMfaConfiguration = cognito.UserPoolSoftwareTokenMfaConfigurationArgs{Enabled: pulumi.Bool(true)}
	}
	var err error
	if c.Pool, err = cognito.NewUserPool(ctx, name+"-users", pool, append(protection(args.Protect), pulumi.Parent(c))...); err != nil {
		return nil, fmt.Errorf("creating Gen3D user pool: %w", err)
	}
	// Classic sign-in pages: the newer ones (managedLoginVersion 2) are blank
	// without a branding style, a resource that this provider lacks.
	domain, err := cognito.NewUserPoolDomain(ctx, name+"-domain", &cognito.UserPoolDomainArgs{
		Domain:     pulumi.String(env.SignInPrefix()),
		UserPoolId: c.Pool.ID(),
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D sign-in domain: %w", err)
	}
	c.Issuer = pulumi.Sprintf("https://cognito-idp.%s.%s/%s", env.Region, env.DNSSuffix, c.Pool.ID())
	c.LoginHost = pulumi.Sprintf("https://%s.auth.%s.amazoncognito.com", domain.Domain, env.Region)
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"userPoolId": c.Pool.ID(), "issuer": c.Issuer, "loginHost": c.LoginHost}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D identity %s: %w", name, err)
	}
	return c, nil
}

// ClientArgs are the inputs of [NewClient].
type ClientArgs struct {
	Env     Environment
	Pool    *cognito.UserPool
	Website pulumi.StringOutput // the page's URL, without a trailing slash
}

// Client is the user pool's app client for the page and for `gen3d token`.
type Client struct {
	pulumi.ResourceState

	ID pulumi.StringOutput // the API's authorizer and the page's configuration; stack output
}

// NewClient creates a public client: a browser cannot keep a secret, so the
// page signs in by authorization code with PKCE. `gen3d token` signs in with a
// password and the caller's own AWS permissions.
func NewClient(ctx *pulumi.Context, name string, args *ClientArgs, opts ...pulumi.ResourceOption) (*Client, error) {
	c := &Client{}
	if err := ctx.RegisterComponentResource(ClientToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D client %s: %w", name, err)
	}
	client, err := cognito.NewUserPoolClient(ctx, name+"-page", &cognito.UserPoolClientArgs{
		Name:                            pulumi.String(args.Env.Name("Page")),
		UserPoolId:                      args.Pool.ID(),
		GenerateSecret:                  pulumi.Bool(false),
		AllowedOauthFlowsUserPoolClient: pulumi.Bool(true),
		AllowedOauthFlows:               pulumi.ToStringArray([]string{"code"}),
		AllowedOauthScopes:              pulumi.ToStringArray([]string{"openid", "email"}),
		SupportedIdentityProviders:      pulumi.ToStringArray([]string{"COGNITO"}),
		CallbackUrls:                    pulumi.StringArray{join(args.Website, "/callback")},
		LogoutUrls:                      pulumi.StringArray{join(args.Website, "/")},
		ExplicitAuthFlows:               pulumi.ToStringArray([]string{"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}),
		PreventUserExistenceErrors:      pulumi.String("ENABLED"),
		EnableTokenRevocation:           pulumi.Bool(true),
		AccessTokenValidity:             pulumi.Int(60),
		IdTokenValidity:                 pulumi.Int(60),
		RefreshTokenValidity:            pulumi.Int(7),
		TokenValidityUnits: cognito.UserPoolClientTokenValidityUnitsArgs{
			AccessToken: pulumi.String("minutes"), IdToken: pulumi.String("minutes"), RefreshToken: pulumi.String("days"),
		},
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D user pool client: %w", err)
	}
	c.ID = client.ID().ToStringOutput()
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"clientId": c.ID}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D client %s: %w", name, err)
	}
	return c, nil
}
