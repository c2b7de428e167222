package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"gen3d/infra/settings"
	"gen3d/internal/endpointstate"
	"gen3d/internal/modelimage"
	"gen3d/internal/stackoutput"
)

// outputs are the outputs of the stack that the steps look at.
type outputs struct {
	Region      string `json:"region"`
	ModelBucket string `json:"modelBucket"`
	Repository  string `json:"ecrRepositoryUrl"`
	Endpoint    string `json:"endpointName"`
	Config      string `json:"endpointConfigName"`
}

// deployed reports whether an up of the stack has ended, with the model or
// without it: weights and image have their places.
func (o outputs) deployed() bool { return o.Region != "" && o.ModelBucket != "" && o.Repository != "" }

// readOutputs reads the outputs again. A stack that does not exist is an error.
func (d *deployment) readOutputs(ctx context.Context) error {
	d.outputs = outputs{}
	return stackoutput.Read(ctx, "", d.Stack, &d.outputs)
}

// lookDeployed reads the outputs again, and returns what to do where there are
// none.
func (d *deployment) lookDeployed(ctx context.Context) (undone state, err error) {
	err = d.readOutputs(ctx)
	switch {
	case errors.Is(err, stackoutput.ErrNoStack):
		return state{ToDo, "the stack does not exist yet"}, nil
	case err != nil:
		return state{}, err
	case !d.outputs.deployed():
		return state{ToDo, "the stack is not deployed yet"}, nil
	}
	return state{}, nil
}

func (d *deployment) lookStack(ctx context.Context) (state, error) {
	err := d.readOutputs(ctx)
	if errors.Is(err, stackoutput.ErrNoStack) {
		return state{ToDo, "pulumi does not have it yet"}, nil
	}
	return state{Done, "pulumi has it"}, err
}

// lookFirstUp looks for an endpoint as well: an up without the model would
// delete it.
func (d *deployment) lookFirstUp(ctx context.Context) (state, error) {
	undone, err := d.lookDeployed(ctx)
	if err != nil || undone.status == "" {
		return state{Done, "bucket and repository exist"}, err
	}
	name := settings.Environment{Stack: d.Stack}.EndpointName()
	live, err := d.endpoint(ctx, name, "")
	if err != nil {
		return state{}, err
	}
	if live.Exists {
		return state{NeedNot, fmt.Sprintf("endpoint %s is %s", name, live.Status)}, nil
	}
	return undone, nil
}

func (d *deployment) lookWeights(ctx context.Context) (state, error) {
	if undone, err := d.lookDeployed(ctx); err != nil || undone.status != "" {
		return undone, err
	}
	finished, what, err := d.program.Weights(ctx)
	if err != nil {
		return state{}, err
	}
	if finished {
		return state{Done, what}, nil
	}
	return state{ToDo, what}, nil
}

func (d *deployment) lookImage(ctx context.Context) (state, error) {
	if image := d.config.Model.Image; image != settings.BuildImage {
		return state{NeedNot, "gen3d:model.image is " + image}, nil
	}
	if undone, err := d.lookDeployed(ctx); err != nil || undone.status != "" {
		return undone, err
	}
	tag, err := modelimage.Tag(ctx, ".")
	if err != nil {
		return state{}, err
	}
	cfg, err := d.aws(ctx)
	if err != nil {
		return state{}, err
	}
	_, repository, _ := strings.Cut(d.outputs.Repository, "/")
	image, err := modelimage.Find(ctx, ecr.NewFromConfig(cfg), nil, repository, types.ImageIdentifier{ImageTag: aws.String(tag)})
	if err != nil {
		return state{}, err
	}
	if image.Digest == "" {
		return state{ToDo, "ECR does not have " + repository + ":" + tag}, nil
	}
	return state{Done, "ECR has " + repository + ":" + tag}, nil
}

// lookUp asks pulumi for changes only where the endpoint is as the stack wants
// it: otherwise there are some.
func (d *deployment) lookUp(ctx context.Context) (state, error) {
	if undone, err := d.lookDeployed(ctx); err != nil || undone.status != "" {
		return undone, err
	}
	live, err := d.endpoint(ctx, d.outputs.Endpoint, d.outputs.Config)
	switch {
	case err != nil:
		return state{}, err
	case !live.Exists || d.outputs.Config == "":
		return state{ToDo, "there is no endpoint " + d.outputs.Endpoint + " yet"}, nil
	case live.Deployed() != nil:
		return state{ToDo, fmt.Sprintf("endpoint %s is %s with configuration %s instead of %s", live.Name, live.Status, live.Config, live.WantConfig)}, nil
	}
	d.say("Looking for changes with pulumi preview --expect-no-changes --stack %s", d.Stack)
	if err := runProgram(ctx, io.Discard, "pulumi", "preview", "--expect-no-changes", "--non-interactive", "--stack", d.Stack); err != nil {
		return state{ToDo, "endpoint " + live.Name + " is live; pulumi preview finds changes, or cannot run"}, nil
	}
	return state{Done, "endpoint " + live.Name + " is live, and pulumi preview finds no change"}, nil
}

func (d *deployment) endpoint(ctx context.Context, name, want string) (endpointstate.State, error) {
	cfg, err := d.aws(ctx)
	if err != nil {
		return endpointstate.State{}, err
	}
	return endpointstate.Look(ctx, sagemaker.NewFromConfig(cfg), name, want)
}

func (d *deployment) aws(ctx context.Context) (aws.Config, error) {
	region := d.outputs.Region
	if region == "" {
		region = d.region
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return aws.Config{}, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	return cfg, nil
}

func (d *deployment) lookUsers(ctx context.Context) (state, error) {
	if len(d.Users) == 0 {
		return state{NeedNot, "no --users are given"}, nil
	}
	if undone, err := d.lookDeployed(ctx); err != nil || undone.status != "" {
		return undone, err
	}
	missing := 0
	for _, address := range d.Users {
		there, err := d.program.HasUser(ctx, address)
		if err != nil {
			return state{}, err
		}
		if !there {
			missing++
		}
	}
	if missing == 0 {
		return state{Done, "the user pool has all"}, nil
	}
	return state{ToDo, fmt.Sprintf("the user pool lacks %d of %d", missing, len(d.Users))}, nil
}

func (d *deployment) lookSmoke(context.Context) (state, error) {
	if d.SkipSmoke {
		return state{NeedNot, "--skip-smoke is given"}, nil
	}
	return state{ToDo, "proves that the service works"}, nil
}
