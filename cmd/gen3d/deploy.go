package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"golang.org/x/term"

	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/deploy"
	"gen3d/cmd/gen3d/target"
	"gen3d/cmd/gen3d/users"
	"gen3d/internal/weights/hub"
)

type deployCommand struct {
	Stack     string   `required:"" help:"Pulumi stack to deploy, such as dev. Run the command in the checkout; the AWS credentials are read as by the AWS CLI."`
	Users     []string `placeholder:"ADDRESS" help:"Addresses of users to add, separated by commas."`
	SkipSmoke bool     `help:"Do not run gen3d smoke at the end."`
	DryRun    bool     `help:"Print what each step finds and would run, and change nothing."`
	Yes       bool     `help:"Do not ask before the first change."`
	JSON      bool     `name:"json" help:"Print a summary as JSON; progress goes to standard error."`
}

// Run deploys. See package deploy.
func (c *deployCommand) Run(ctx context.Context, s console.Streams) error {
	return deploy.Run(ctx, deploy.Options{
		Stack: c.Stack, Users: c.Users, SkipSmoke: c.SkipSmoke, DryRun: c.DryRun, Yes: c.Yes, JSON: c.JSON,
		Terminal: term.IsTerminal(int(os.Stdin.Fd())), // #nosec G115 -- a small number
		Streams:  s,
	}, deploy.Program{Run: run, Weights: c.weights, HasUser: c.hasUser})
}

// weights makes the plan of gen3d weights plan.
func (c *deployCommand) weights(ctx context.Context) (finished bool, what string, err error) {
	place := weightsPlace{Stack: c.Stack, Hub: os.Getenv("HF_ENDPOINT")}
	if place.Hub == "" {
		place.Hub = hub.DefaultURL
	}
	w, err := place.open(ctx, func(string) {})
	if err != nil {
		return false, "", err
	}
	what, _, _ = strings.Cut(summary(w.plan), "\n") // without the objects of other sources
	return w.plan.Finished(), what, nil
}

func (c *deployCommand) hasUser(ctx context.Context, address string) (bool, error) {
	t, err := target.Stack(ctx, "", c.Stack, nil)
	if err != nil {
		return false, err
	}
	_, err = users.Open(t).Find(ctx, address)
	if errors.Is(err, users.ErrNoUser) {
		return false, nil
	}
	return err == nil, err
}
