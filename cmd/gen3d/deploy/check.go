package deploy

import (
	"context"
	"errors"

	"gen3d/cmd/gen3d/check"
)

// check prints what the deployment would be refused, and fails if there is any
// of it. What a later step does is not to be fixed first.
func (d *deployment) check(ctx context.Context) error {
	findings := check.Run(ctx, "", d.Stack)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	deployed := d.readOutputs(ctx) == nil && d.outputs.deployed()
	for i, f := range findings {
		switch {
		case f.Check == "credentials" && f.Status == check.OK:
			d.account = f.Message
		case f.Status == check.Fix && later(f.Check, deployed):
			findings[i].Status = check.Note
			if f.Check == "weights" {
				findings[i].Message, findings[i].Command = "they are not all in the bucket; the step weights pushes them", ""
			}
		}
	}
	if err := check.Print(d.text, findings); err != nil {
		return err
	}
	if check.Failed(findings) {
		return errors.New("run what the lines with fix say; nothing was changed")
	}
	return nil
}

// later reports whether a finding of the check does not stop a deployment. The
// step weights pushes the weights. The first up lets AWS mail links, which can
// be followed while the weights are pushed.
func later(name string, deployed bool) bool {
	return name == "weights" || deployed && (name == "SES sender" || name == "SES recipients")
}
