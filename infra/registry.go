package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/infra/settings"
)

// RegistryToken is the type of [Registry].
const RegistryToken = "gen3d:infra:Registry"

// RegistryArgs are the inputs of [NewRegistry].
type RegistryArgs struct {
	Env     Environment
	Model   Model
	Digest  string // of the image of this checkout; empty where it is not pushed
	Protect bool
}

// Registry is the repository of the model's image.
type Registry struct {
	pulumi.ResourceState

	Repository *ecr.Repository     // the model's role; stack output
	Image      pulumi.StringOutput // by digest; empty while the model is off; stack output
}

// NewRegistry creates the repository.
func NewRegistry(ctx *pulumi.Context, name string, args *RegistryArgs, opts ...pulumi.ResourceOption) (*Registry, error) {
	c := &Registry{}
	if err := ctx.RegisterComponentResource(RegistryToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D registry %s: %w", name, err)
	}
	var err error
	if c.Repository, err = ecr.NewRepository(ctx, name+"-repository", &ecr.RepositoryArgs{
		Name:                       pulumi.String(args.Env.ImageRepository()),
		ImageTagMutability:         pulumi.String("IMMUTABLE"),
		ImageScanningConfiguration: ecr.RepositoryImageScanningConfigurationArgs{ScanOnPush: pulumi.Bool(true)},
		ForceDelete:                pulumi.Bool(!args.Protect),
	}, append(protection(args.Protect), pulumi.Parent(c))...); err != nil {
		return nil, fmt.Errorf("creating Gen3D image repository: %w", err)
	}
	if _, err := ecr.NewLifecyclePolicy(ctx, name+"-lifecycle", &ecr.LifecyclePolicyArgs{
		Repository: c.Repository.Name,
		Policy: pulumi.JSONMarshal(map[string]any{"rules": []any{
			lifecycleRule(1, "untagged images expire after a week", map[string]any{
				"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 7,
			}),
			lifecycleRule(2, "the ten newest images are kept", map[string]any{
				"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10,
			}),
		}}),
	}, pulumi.Parent(c)); err != nil {
		return nil, fmt.Errorf("creating Gen3D image lifecycle: %w", err)
	}
	c.Image = c.image(args)
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"repositoryUrl": c.Repository.RepositoryUrl, "imageUri": c.Image}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D registry %s: %w", name, err)
	}
	return c, nil
}

func lifecycleRule(priority int, description string, selection map[string]any) map[string]any {
	return map[string]any{
		"rulePriority": priority, "description": description,
		"selection": selection, "action": map[string]any{"type": "expire"},
	}
}

// image returns the image by digest. The program does not build it: its
// registry's tags are immutable, so a second push of a tag fails, and
// pulumi-docker can neither look for a tag before it builds nor choose the
// manifest's media type, of which SageMaker refuses OCI's. gen3d image push,
// which make up runs before pulumi up, does both, and needs no provider; the
// program looks the tag up in ECR.
func (c *Registry) image(args *RegistryArgs) pulumi.StringOutput {
	switch {
	case args.Model.Image != settings.BuildImage:
		return pulumi.String(args.Model.Image).ToStringOutput()
	case !args.Model.Enabled:
		return pulumi.String("").ToStringOutput()
	case args.Digest == "": // a preview before the push
		return pulumi.UnsafeUnknownOutput(nil).ApplyT(func(any) string { return "" }).(pulumi.StringOutput)
	}
	return pulumi.Sprintf("%s@%s", c.Repository.RepositoryUrl, args.Digest)
}
