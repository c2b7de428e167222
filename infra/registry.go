package infra

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/infra/settings"
)

// RegistryToken is the type of [Registry].
const RegistryToken = "gen3d:infra:Registry"

// RegistryArgs are the inputs of [NewRegistry].
type RegistryArgs struct {
	Env     Environment
	Model   Model
	Root    string // of the checkout, which is the image's build context
	Protect bool
}

// Registry is the repository of the model's image.
type Registry struct {
	pulumi.ResourceState

	Repository *ecr.Repository     // the model's role; stack output
	Image      pulumi.StringOutput // by digest; empty while the model is off; stack output
}

// NewRegistry creates the repository. It builds and pushes the image where the
// model is on and its image is not given as a URI.
func NewRegistry(ctx *pulumi.Context, name string, args *RegistryArgs, opts ...pulumi.ResourceOption) (*Registry, error) {
	c := &Registry{}
	if err := ctx.RegisterComponentResource(RegistryToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D registry %s: %w", name, err)
	}
	var err error
	if c.Repository, err = ecr.NewRepository(ctx, name+"-repository", &ecr.RepositoryArgs{
		Name:                       pulumi.String(args.Env.Lower("sam3d")),
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
	if c.Image, err = c.image(ctx, name, args); err != nil {
		return nil, err
	}
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

func (c *Registry) image(ctx *pulumi.Context, name string, args *RegistryArgs) (pulumi.StringOutput, error) {
	none := pulumi.String("").ToStringOutput()
	switch {
	case args.Model.Image != settings.BuildImage:
		return pulumi.String(args.Model.Image).ToStringOutput(), nil
	case !args.Model.Enabled:
		return none, nil
	}
	tag, err := sourceTag(args.Root)
	if err != nil {
		return none, fmt.Errorf("naming the model's image: %w", err)
	}
	login := ecr.GetAuthorizationTokenOutput(ctx, ecr.GetAuthorizationTokenOutputArgs{RegistryId: c.Repository.RegistryId}, pulumi.Parent(c))
	image, err := docker.NewImage(ctx, name+"-image", &docker.ImageArgs{
		ImageName: join(c.Repository.RepositoryUrl, ":", tag),
		Build: docker.DockerBuildArgs{
			Context:        pulumi.String(args.Root),
			Dockerfile:     pulumi.String(filepath.Join(args.Root, "model-image", "Dockerfile")),
			Platform:       pulumi.String("linux/amd64"),
			BuilderVersion: docker.BuilderVersionBuilderBuildKit,
		},
		Registry: docker.RegistryArgs{
			Server:   c.Repository.RepositoryUrl,
			Username: login.UserName(),
			Password: pulumi.ToSecret(login.Password()).(pulumi.StringOutput),
		},
	}, pulumi.Parent(c))
	if err != nil {
		return none, fmt.Errorf("building Gen3D model image: %w", err)
	}
	return image.RepoDigest, nil
}

// imageSources are the paths of the checkout from which the image is built.
var imageSources = []string{"go.mod", "go.sum", "internal", "model-image"}

// sourceTag returns a tag with a hash of the image's sources. Tags are
// immutable, so changed sources need a new tag, and unchanged sources keep
// theirs.
func sourceTag(root string) (string, error) {
	var files []string
	for _, source := range imageSources {
		err := filepath.WalkDir(filepath.Join(root, source), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && !builtFrom(entry.Name()):
				return fs.SkipDir
			case entry.Type().IsRegular() && !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, ".md"):
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			return "", fmt.Errorf("reading %s: %w", source, err)
		}
	}
	slices.Sort(files)
	sum := sha256.New()
	for _, file := range files {
		if err := addFile(sum, root, file); err != nil {
			return "", err
		}
	}
	return "src-" + hex.EncodeToString(sum.Sum(nil))[:16], nil
}

// builtFrom is false for folders that are not part of the image, such as those
// that tests and tools create: running the tests must not change the tag.
func builtFrom(folder string) bool {
	return !strings.HasPrefix(folder, ".") && !slices.Contains([]string{"__pycache__", "tests", "testdata"}, folder)
}

func addFile(sum io.Writer, root, file string) error {
	name, err := filepath.Rel(root, file)
	if err != nil {
		return fmt.Errorf("naming %s: %w", file, err)
	}
	content, err := os.ReadFile(file) // #nosec G304 -- a source of this checkout
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	_, err = fmt.Fprintf(sum, "%s %d\n%s", filepath.ToSlash(name), len(content), content)
	return err
}
