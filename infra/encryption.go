package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// EncryptionToken is the type of [Encryption].
const EncryptionToken = "gen3d:infra:Encryption"

// EncryptionArgs are the inputs of [NewEncryption].
type EncryptionArgs struct {
	Env     Environment
	Protect bool
}

// Encryption is the stack's KMS key.
type Encryption struct {
	pulumi.ResourceState

	Key *kms.Key // buckets, topics, log groups, the secret, and the roles that use them
}

var keyUseActions = []string{
	"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey",
	"kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo",
}

var keyAdminActions = []string{
	"kms:CancelKeyDeletion", "kms:CreateAlias", "kms:CreateGrant", "kms:DeleteAlias", "kms:DisableKey",
	"kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy",
	"kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListGrants", "kms:ListKeyPolicies",
	"kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RevokeGrant", "kms:RotateKeyOnDemand",
	"kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
}

// NewEncryption creates the key. IAM policies of the account grant its
// administration and use. The key policy grants use to the services that write
// for the stack, limited to the stack's resources.
func NewEncryption(ctx *pulumi.Context, name string, args *EncryptionArgs, opts ...pulumi.ResourceOption) (*Encryption, error) {
	c := &Encryption{}
	if err := ctx.RegisterComponentResource(EncryptionToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D encryption %s: %w", name, err)
	}
	env := args.Env
	var err error
	c.Key, err = kms.NewKey(ctx, name+"-key", &kms.KeyArgs{
		Description:          pulumi.String("Gen3D " + env.Stack + ": buckets, topics, logs and secrets"),
		EnableKeyRotation:    pulumi.Bool(true),
		DeletionWindowInDays: pulumi.Int(30),
		Policy: policy(
			Statement{
				Any:      anyKeyItself,
				Actions:  anyKeyItself.Actions,
				Accounts: []pulumi.StringInput{pulumi.String(env.GlobalARN("iam", "root"))},
			},
			Statement{
				Any:      anyKeyItselfServices,
				Actions:  []string{"kms:Decrypt", "kms:GenerateDataKey"},
				Services: []string{"budgets.amazonaws.com", "cloudwatch.amazonaws.com", "ses.amazonaws.com"},
				Conditions: map[string]map[string]pulumi.Input{
					"StringEquals": {"aws:SourceAccount": pulumi.String(env.Account)},
				},
			},
			// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
			Statement{
				Any:      anyKeyItselfLogs,
				Actions:  keyUseActions,
				Services: []string{"logs." + env.Region + "." + env.DNSSuffix},
				Conditions: map[string]map[string]pulumi.Input{"ArnLike": {
					"kms:EncryptionContext:aws:logs:arn": pulumi.String(env.ARN("logs", "log-group:*Gen3D*-"+env.Stack)),
				}},
			},
		),
	}, append(protection(args.Protect), pulumi.Parent(c))...)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D key: %w", err)
	}
	if _, err := kms.NewAlias(ctx, name+"-alias", &kms.AliasArgs{
		Name:        pulumi.String("alias/" + env.Name("Data")),
		TargetKeyId: c.Key.KeyId,
	}, pulumi.Parent(c)); err != nil {
		return nil, fmt.Errorf("creating Gen3D key alias: %w", err)
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"keyArn": c.Key.Arn}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D encryption %s: %w", name, err)
	}
	return c, nil
}

// arn returns the ARN of the key, nil for a stack without one.
func (e *Encryption) arn() pulumi.StringPtrInput {
	if e == nil {
		return nil
	}
	return e.Key.Arn
}

// use returns the statements that let a role read and write encrypted data.
func (e *Encryption) use() []Statement {
	if e == nil {
		return nil
	}
	return []Statement{{
		Sid:       "UseTheKey",
		Actions:   []string{"kms:Decrypt", "kms:GenerateDataKey"},
		Resources: []pulumi.StringInput{e.Key.Arn},
	}}
}
