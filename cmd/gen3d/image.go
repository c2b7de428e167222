package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"gen3d/infra/settings"
	"gen3d/internal/modelimage"
	"gen3d/internal/stackoutput"
)

type imageCommand struct {
	Push imagePushCommand `cmd:"" help:"Build the model's image from this checkout and push it to a stack's repository, if it is not there yet."`
}

type imagePushCommand struct {
	Stack string `required:"" help:"Pulumi stack of the repository."`
	Root  string `default:"." help:"The checkout." type:"existingdir"`
}

// imageStack are the outputs of a stack that the push needs.
type imageStack struct {
	Region     string `json:"region"`
	Repository string `json:"ecrRepositoryUrl"`
}

// Run pushes nothing where the stack has no model, or an image of its own.
func (c *imagePushCommand) Run(ctx context.Context, stdout io.Writer, progress errorOutput) error {
	given, err := stackoutput.Settings(ctx, c.Root, c.Stack)
	if err != nil {
		return err
	}
	if given["gen3d:model.enabled"] != "true" {
		_, err := fmt.Fprintf(stdout, "Stack %s has no model (gen3d:model.enabled): no image is needed.\n", c.Stack)
		return err
	}
	if image := given["gen3d:model.image"]; image != "" && image != settings.BuildImage {
		_, err := fmt.Fprintf(stdout, "Stack %s uses the image %s.\n", c.Stack, image)
		return err
	}
	var stack imageStack
	if err := stackoutput.Read(ctx, c.Root, c.Stack, &stack); err != nil {
		return err
	}
	if stack.Repository == "" {
		return fmt.Errorf("stack %s has no image repository yet: set gen3d:model.enabled to false, run make up, then set it to true", c.Stack)
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(stack.Region))
	if err != nil {
		return fmt.Errorf("reading the AWS configuration: %w", err)
	}
	return pushImage(ctx, ecr.NewFromConfig(cfg), c.Root, stack.Repository, stdout, progress)
}

// pushImage builds and pushes the image unless the repository has its tag:
// tags are immutable, and the tag names the contents of all sources.
func pushImage(ctx context.Context, client *ecr.Client, root, repositoryURL string, stdout, progress io.Writer) error {
	tag, err := modelimage.Tag(ctx, root)
	if err != nil {
		return err
	}
	registry, repository, found := strings.Cut(repositoryURL, "/")
	if !found {
		return fmt.Errorf("%s is not the URL of an image repository", repositoryURL)
	}
	name := repositoryURL + ":" + tag
	id := types.ImageIdentifier{ImageTag: aws.String(tag)}
	there, err := modelimage.Find(ctx, client, nil, repository, id)
	if err != nil {
		return err
	}
	if there.Digest != "" {
		if err := modelimage.CheckMediaType(name, there.MediaType); err != nil {
			return err
		}
		_, err := fmt.Fprintf(stdout, "%s is in the registry.\n", name)
		return err
	}
	if err := logIn(ctx, client, registry, progress); err != nil {
		return err
	}
	if err := buildImage(ctx, root, name, progress); err != nil {
		return err
	}
	pushed, err := modelimage.Find(ctx, client, nil, repository, id)
	if err != nil {
		return err
	}
	if pushed.Digest == "" {
		return fmt.Errorf("docker has pushed %s, but ECR does not have it", name)
	}
	if err := modelimage.CheckMediaType(name, pushed.MediaType); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s is pushed.\n", name)
	return err
}

// logIn gives docker the registry's credentials, which are valid for 12 hours.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
func logIn(ctx context.Context, client *ecr.Client, registry string, progress io.Writer) error {
	answer, err := client.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return fmt.Errorf("getting the registry's credentials: %w", err)
	}
	if len(answer.AuthorizationData) == 0 {
		return errors.New("getting the registry's credentials: ECR returns none")
	}
	decoded, err := base64.StdEncoding.DecodeString(aws.ToString(answer.AuthorizationData[0].AuthorizationToken))
	if err != nil {
		return fmt.Errorf("reading the registry's credentials: %w", err)
	}
	user, password, _ := strings.Cut(string(decoded), ":")
	return docker(ctx, strings.NewReader(password), progress, "login", "--username", user, "--password-stdin", registry)
}

// buildImage sends docker the build context through a file in the folder of
// temporary files. SageMaker refuses OCI manifests and the indexes that
// provenance needs, so both are off; docker's default depends on its image
// store.
// https://docs.docker.com/build/exporters/image-registry/
func buildImage(ctx context.Context, root, name string, progress io.Writer) error {
	file, err := os.CreateTemp("", "gen3d-image-*.tar")
	if err != nil {
		return fmt.Errorf("creating the build context: %w", err)
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}()
	if err := modelimage.WriteContext(ctx, root, file); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("reading the build context: %w", err)
	}
	return docker(ctx, file, progress, "buildx", "build", "--platform", "linux/amd64", "--provenance=false", "--sbom=false",
		"--output", "type=image,name="+name+",oci-mediatypes=false,push=true", "--file", modelimage.Dockerfile, "-")
}

func docker(ctx context.Context, stdin io.Reader, progress io.Writer, args ...string) error {
	command := exec.CommandContext(ctx, "docker", args...) // #nosec G204 -- arguments of this program
	command.Stdin, command.Stdout, command.Stderr = stdin, progress, progress
	if err := command.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return errors.New("building the model's image needs docker, which is not on the PATH: install it (https://docs.docker.com/engine/install/) and try again")
		}
		return fmt.Errorf("running docker %s: %w", args[0], err)
	}
	return nil
}
