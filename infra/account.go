package infra

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"gen3d/internal/endpointstate"
	"gen3d/internal/modelimage"
)

// Account reads the state of an AWS account that the engine does not compare:
// the engine knows only what it has registered itself.
type Account interface {
	// Endpoint describes an endpoint, whether or not it exists.
	Endpoint(ctx context.Context, name string) (endpointstate.State, error)
	// ScaledInstanceType returns the instance type of an endpoint's
	// configuration while its variant is a scalable target, empty while not.
	ScaledInstanceType(ctx context.Context, endpoint, config string) (string, error)
	// Image describes the image with a tag. It is the zero value where the
	// repository has none.
	Image(ctx context.Context, repository, tag string) (modelimage.Image, error)
	// ImageByDigest is like Image.
	ImageByDigest(ctx context.Context, registry, repository, digest string) (modelimage.Image, error)
}

// OpenAccount opens the account of a region and, if not empty, a profile.
type OpenAccount func(ctx context.Context, region, profile string) (Account, error)

// LoadAccount is the [OpenAccount] for AWS. Credentials and endpoints come from
// the environment, as those of the engine's provider do.
func LoadAccount(ctx context.Context, region, profile string) (Account, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(region), awsconfig.WithSharedConfigProfile(profile))
	if err != nil {
		return nil, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	return NewAccount(cfg), nil
}

// NewAccount returns the account that cfg gives access to.
func NewAccount(cfg aws.Config) Account {
	return account{sagemaker.NewFromConfig(cfg), ecr.NewFromConfig(cfg), applicationautoscaling.NewFromConfig(cfg)}
}

type account struct {
	models  *sagemaker.Client
	images  *ecr.Client
	scaling *applicationautoscaling.Client
}

func (a account) Endpoint(ctx context.Context, name string) (endpointstate.State, error) {
	return endpointstate.Look(ctx, a.models, name, "")
}

func (a account) Image(ctx context.Context, repository, tag string) (modelimage.Image, error) {
	return a.describe(ctx, nil, repository, ecrtypes.ImageIdentifier{ImageTag: aws.String(tag)})
}

func (a account) ImageByDigest(ctx context.Context, registry, repository, digest string) (modelimage.Image, error) {
	return a.describe(ctx, aws.String(registry), repository, ecrtypes.ImageIdentifier{ImageDigest: aws.String(digest)})
}

// describe returns the zero value also where there is no repository yet.
func (a account) describe(ctx context.Context, registry *string, repository string, id ecrtypes.ImageIdentifier) (modelimage.Image, error) {
	image, err := modelimage.Find(ctx, a.images, registry, repository, id)
	var noRepository *ecrtypes.RepositoryNotFoundException
	if errors.As(err, &noRepository) {
		return modelimage.Image{}, nil
	}
	return image, err
}

// look returns an error where AWS would refuse the deployment of the model, or
// the deployment would delete an endpoint by accident.
func (s *stack) look(account Account) error {
	ctx := s.ctx.Context()
	endpoint, err := account.Endpoint(ctx, s.env.EndpointName())
	if err != nil {
		return err
	}
	switch {
	case !s.cfg.Model.Enabled && endpoint.Exists && !s.cfg.Model.Remove:
		return fmt.Errorf("gen3d:model.enabled is false, and endpoint %s exists: this deployment would delete it with its queued requests. "+
			"To keep it, set gen3d:model.enabled to true and commit Pulumi.%s.yaml. To delete it, set gen3d:model.remove to true", endpoint.Name, s.env.Stack)
	case !s.cfg.Model.Enabled:
		return nil
	}
	if err := endpoint.Changeable(); err != nil {
		return err
	}
	if err := checkInstanceType(ctx, account, endpoint, s.cfg.Model.InstanceType); err != nil {
		return err
	}
	return s.findImage(ctx, account)
}

// findImage looks at the model's image before CreateModel does.
func (s *stack) findImage(ctx context.Context, account Account) error {
	if registry, repository, digest, given := s.cfg.Model.ImageByDigest(); given {
		image, err := account.ImageByDigest(ctx, registry, repository, digest)
		if err != nil {
			return err
		}
		return modelimage.CheckMediaType(s.cfg.Model.Image, image.MediaType)
	}
	tag, err := modelimage.Tag(ctx, s.artifacts.Root)
	if err != nil {
		return err
	}
	s.image, err = account.Image(ctx, s.env.ImageRepository(), tag)
	switch {
	case err != nil:
		return err
	case s.image.Digest != "":
		return modelimage.CheckMediaType(s.env.ImageRepository()+":"+tag, s.image.MediaType)
	case s.ctx.DryRun():
		return s.ctx.Log.Info(fmt.Sprintf("The model's image %s:%s is not in ECR yet; make up builds and pushes it.", s.env.ImageRepository(), tag), nil)
	}
	return fmt.Errorf("the model's image %s:%s is not in ECR. Run bin/gen3d image push --stack %s, which make up does; "+
		"for a new stack, run make up with gen3d:model.enabled false first, which creates the repository", s.env.ImageRepository(), tag, s.env.Stack)
}
