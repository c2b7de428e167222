package deploy

import (
	"context"
	"fmt"
	"strings"
)

// Hints for failures whose errors are printed by the commands themselves.
const (
	hintAbove  = "Its output above has the reason."
	hintPulumi = "Correct what pulumi says above. If an interrupted pulumi holds the stack's lock: pulumi cancel"
	hintSmoke  = "The lines above name the failing step; the service stays deployed."
)

// steps returns the sequence. make up has the same one for a stack whose weights
// are in place: TestMakeUpHasTheSameOrder compares the two.
func (d *deployment) steps() []step {
	on := " --stack " + d.Stack
	up := []string{"up", "--yes", "--non-interactive", "--stack", d.Stack}
	users := make([]string, 0, len(d.Users))
	for _, address := range d.Users {
		users = append(users, "gen3d users add "+address+on)
	}
	return []step{
		{"check", []string{"gen3d check" + on}, always("reads only"), d.check, ""},
		{"build", []string{"make artifacts"}, always("rebuilds what has changed"), d.build, hintAbove},
		{"stack", []string{"pulumi stack select --create " + d.Stack}, d.lookStack, d.createStack, hintPulumi},
		{"up without the model", []string{"pulumi " + strings.Join(up, " ") + " --config-file (a copy of Pulumi." + d.Stack + ".yaml with gen3d:model.enabled false)"},
			d.lookFirstUp, func(ctx context.Context) error { return d.firstUp(ctx, up) }, hintPulumi},
		{"weights", []string{"gen3d weights push" + on}, d.lookWeights, d.own("weights", "push"), hintAbove},
		{"image", []string{"gen3d image push" + on}, d.lookImage, d.own("image", "push"), hintAbove},
		{"up", []string{"pulumi " + strings.Join(up, " ")}, d.lookUp, func(ctx context.Context) error { return runProgram(ctx, d.text, "pulumi", up...) }, hintPulumi},
		{"endpoint", []string{"gen3d endpoint check" + on}, always("compares the live endpoint with the stack"), d.own("endpoint", "check"), hintAbove},
		{"users", users, d.lookUsers, d.addUsers, hintAbove},
		{"smoke", []string{"gen3d smoke" + on}, d.lookSmoke, d.own("smoke"), hintSmoke},
	}
}

// always is the look of a step that runs each time.
func always(why string) func(context.Context) (state, error) {
	return func(context.Context) (state, error) { return state{ToDo, why}, nil }
}

// own returns what runs a command of this program on the stack.
func (d *deployment) own(command ...string) func(context.Context) error {
	return func(ctx context.Context) error { return d.runOwn(ctx, append(command, "--stack", d.Stack)...) }
}

func (d *deployment) runOwn(ctx context.Context, args ...string) error {
	if status := d.program.Run(ctx, args, d.text, d.Err); status != 0 {
		return fmt.Errorf("gen3d %s ended with exit status %d", strings.Join(args[:min(2, len(args))], " "), status)
	}
	return nil
}

// build builds what the Pulumi program deploys.
func (d *deployment) build(ctx context.Context) error {
	return runProgram(ctx, d.text, "make", "artifacts")
}

func (d *deployment) createStack(ctx context.Context) error {
	return runProgram(ctx, d.text, "pulumi", "stack", "select", "--create", d.Stack, "--non-interactive")
}

// firstUp deploys everything but the model: the model needs the weights in a
// bucket and the image in a repository, which this creates.
func (d *deployment) firstUp(ctx context.Context, up []string) error {
	file, remove, err := withoutModel("", d.Stack)
	if err != nil {
		return err
	}
	defer remove()
	return runProgram(ctx, d.text, "pulumi", append(up, "--config-file", file)...)
}

func (d *deployment) addUsers(ctx context.Context) error {
	for _, address := range d.Users {
		there, err := d.program.HasUser(ctx, address)
		if err != nil {
			return err
		}
		if there {
			continue
		}
		if err := d.runOwn(ctx, "users", "add", address, "--stack", d.Stack); err != nil {
			return err
		}
	}
	return nil
}
