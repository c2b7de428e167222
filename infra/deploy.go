package infra

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	awsconfig "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/config"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"

	"gen3d/infra/settings"
)

// Deploy registers the resources of a stack. given maps full keys to values;
// the caller gets it by a [pulumi.RunOption], because a program cannot list its
// own settings.
//
// Deploy returns an error before it registers anything where the stack's name or
// settings are invalid, functions or page are not built, or AWS would refuse to
// change the live endpoint. open gives access to the account.
func Deploy(ctx *pulumi.Context, given map[string]string, artifacts Artifacts, open OpenAccount) error {
	if err := settings.CheckStackName(ctx.Stack()); err != nil {
		return err
	}
	cfg, err := settings.Load(given)
	if err != nil {
		return err
	}
	if err := artifacts.Check(); err != nil {
		return err
	}
	limits, err := json.Marshal(cfg.Limits)
	if err != nil {
		return fmt.Errorf("writing the limits of Gen3D: %w", err)
	}
	provider, err := newProvider(ctx, "aws", awsconfig.GetRegion(ctx))
	if err != nil {
		return err
	}
	env, err := lookUp(ctx, provider)
	if err != nil {
		return err
	}
	s := &stack{ctx: ctx, cfg: cfg, env: env, artifacts: artifacts, limits: string(limits), use: pulumi.Provider(provider)}
	account, err := open(ctx.Context(), env.Region, awsconfig.GetProfile(ctx))
	if err != nil {
		return err
	}
	if err := s.look(account); err != nil {
		return err
	}
	for _, layer := range []func() error{s.foundation, s.model, s.front, s.service, s.operations} {
		if err := layer(); err != nil {
			return err
		}
	}
	s.export()
	return nil
}

// tags are set on every resource that supports tags.
func tags(stack string) pulumi.StringMap {
	return pulumi.StringMap{
		"Project":   pulumi.String("Gen3D"),
		"Stack":     pulumi.String(stack),
		"ManagedBy": pulumi.String("Pulumi"),
	}
}

// newProvider creates a provider with the stack's tags. It passes on the
// stack's aws: settings for access, which only the default provider reads by
// itself.
func newProvider(ctx *pulumi.Context, name, region string) (*aws.Provider, error) {
	args := &aws.ProviderArgs{
		DefaultTags: aws.ProviderDefaultTagsArgs{Tags: tags(ctx.Stack())},
	}
	if region != "" {
		args.Region = pulumi.String(region)
	}
	if profile := awsconfig.GetProfile(ctx); profile != "" {
		args.Profile = pulumi.String(profile)
	}
	if retries := awsconfig.GetMaxRetries(ctx); retries != 0 {
		args.MaxRetries = pulumi.Int(retries)
	}
	if awsconfig.GetSkipCredentialsValidation(ctx) {
		args.SkipCredentialsValidation = pulumi.Bool(true)
	}
	// awsconfig.GetSkipMetadataApiCheck returns true where nothing is set, so
	// the setting itself is read.
	if config.GetBool(ctx, "aws:skipMetadataApiCheck") {
		args.SkipMetadataApiCheck = pulumi.Bool(true)
	}
	if awsconfig.GetS3UsePathStyle(ctx) {
		args.S3UsePathStyle = pulumi.Bool(true)
	}
	provider, err := aws.NewProvider(ctx, name, args)
	if err != nil {
		return nil, fmt.Errorf("creating the AWS provider %s: %w", name, err)
	}
	return provider, nil
}

func lookUp(ctx *pulumi.Context, provider *aws.Provider) (Environment, error) {
	with := pulumi.Provider(provider)
	identity, err := aws.GetCallerIdentity(ctx, &aws.GetCallerIdentityArgs{}, with)
	if err != nil {
		return Environment{}, fmt.Errorf("looking up the AWS account: %w", err)
	}
	region, err := aws.GetRegion(ctx, &aws.GetRegionArgs{}, with)
	if err != nil {
		return Environment{}, fmt.Errorf("looking up the AWS region: %w", err)
	}
	partition, err := aws.GetPartition(ctx, &aws.GetPartitionArgs{}, with)
	if err != nil {
		return Environment{}, fmt.Errorf("looking up the AWS partition: %w", err)
	}
	return Environment{
		Stack:     ctx.Stack(),
		Account:   identity.AccountId,
		Region:    region.Name,
		Partition: partition.Partition,
		DNSSuffix: partition.DnsSuffix,
	}, nil
}

// token returns the stack's secret setting, nil if there is none.
func token(ctx *pulumi.Context) pulumi.StringPtrInput {
	secret, err := config.TrySecret(ctx, Namespace+":"+TokenKey)
	if err != nil {
		return nil
	}
	return secret
}
