package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/internal/weights"
)

// SecretsToken is the type of [Secrets].
const SecretsToken = "gen3d:infra:Secrets"

// SecretsArgs are the inputs of [NewSecrets].
type SecretsArgs struct {
	Env     Environment
	Token   pulumi.StringPtrInput // nil: the secret has no value
	Protect bool
}

// Secrets are the stack's secrets in Secrets Manager.
type Secrets struct {
	pulumi.ResourceState

	Token *secretsmanager.Secret // token for Hugging Face: the notebook, and gen3d weights by its name
}

// NewSecrets creates the secret, and its value where the stack has one. It is
// encrypted with AWS's managed key, not the stack's: the provider cannot remove
// a KMS key from a secret, which would become unreadable when the key is
// deleted.
func NewSecrets(ctx *pulumi.Context, name string, args *SecretsArgs, opts ...pulumi.ResourceOption) (*Secrets, error) {
	c := &Secrets{}
	if err := ctx.RegisterComponentResource(SecretsToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D secrets %s: %w", name, err)
	}
	recovery := 0 // days; 0 deletes immediately, so that a new stack can use the same name
	if args.Protect {
		recovery = 30
	}
	var err error
	if c.Token, err = secretsmanager.NewSecret(ctx, name+"-hugging-face", &secretsmanager.SecretArgs{
		Name:                 pulumi.String(weights.TokenSecret(args.Env.Stack)),
		Description:          pulumi.String("Token of Hugging Face for the gated weights of SAM 3D Objects"),
		RecoveryWindowInDays: pulumi.Int(recovery),
	}, append(protection(args.Protect), pulumi.Parent(c))...); err != nil {
		return nil, fmt.Errorf("creating Gen3D secret: %w", err)
	}
	if args.Token != nil {
		if _, err := secretsmanager.NewSecretVersion(ctx, name+"-hugging-face-value", &secretsmanager.SecretVersionArgs{
			SecretId: c.Token.ID(), SecretString: args.Token,
		}, pulumi.Parent(c)); err != nil {
			return nil, fmt.Errorf("setting Gen3D secret: %w", err)
		}
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"tokenArn": c.Token.Arn}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D secrets %s: %w", name, err)
	}
	return c, nil
}
