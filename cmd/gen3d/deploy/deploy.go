// Package deploy brings a stack from nothing to a tested service: a sequence of
// steps, each of which is a command that also exists by itself.
//
// A [step] first looks at the real state of the account whether there is
// something to do. There is no state of this package's own, so a run after an
// interruption goes on where the earlier one ended.
package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"strings"

	"gen3d/cmd/gen3d/check"
	"gen3d/cmd/gen3d/console"
)

// Options are what a deployment is asked for.
type Options struct {
	Stack     string
	Users     []string // addresses of users to add
	SkipSmoke bool
	DryRun    bool // print the plan only
	Yes       bool // do not ask
	JSON      bool // print a summary to Out; the rest goes to Err

	Terminal bool // somebody can answer on In
	console.Streams
}

// Program is the rest of gen3d.
type Program struct {
	// Run runs a command of this program and returns its exit status.
	Run func(ctx context.Context, args []string, out, errs io.Writer) int
	// Weights compares the model bucket of the stack with the weights. what
	// describes the difference.
	Weights func(ctx context.Context) (finished bool, what string, err error)
	// HasUser reports whether the user pool of the stack has an address.
	HasUser func(ctx context.Context, address string) (bool, error)
}

// Run deploys, or prints the plan. It returns an error that says what to do and
// how to go on.
func Run(ctx context.Context, o Options, p Program) error {
	if !o.Yes && !o.DryRun && !o.Terminal {
		return errors.New("there is no terminal on which to confirm the deployment: give --yes, or see what it does with --dry-run")
	}
	for _, address := range o.Users {
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
			return fmt.Errorf("%q in --users is not a mail address; give addresses like someone@example.com,other@example.com", address)
		}
	}
	config, region, err := check.Settings("", o.Stack)
	if err != nil {
		return fmt.Errorf("%w. gen3d check --stack %s says what to do", err, o.Stack)
	}
	if !config.Model.Enabled {
		return fmt.Errorf("the settings of stack %[1]s have no model: set gen3d:model.enabled to true in Pulumi.%[1]s.yaml, which a deployment "+
			"leaves as it is; or deploy without the model with make up STACK=%[1]s", o.Stack)
	}
	d := &deployment{Options: o, program: p, config: config, region: region, text: o.Out}
	if o.JSON {
		d.text = o.Err
	}
	return d.run(ctx, d.steps())
}

// resume is the command that goes on with an interrupted deployment.
func (o Options) resume() string {
	command := "gen3d deploy --stack " + o.Stack
	if len(o.Users) > 0 {
		command += " --users " + strings.Join(o.Users, ",")
	}
	if o.SkipSmoke {
		command += " --skip-smoke"
	}
	if o.Yes {
		command += " --yes"
	}
	return command
}
