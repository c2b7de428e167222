package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"gen3d/cmd/gen3d/check"
)

type checkCommand struct {
	Stack string `required:"" help:"Pulumi stack to check, such as dev. Run the command in the checkout; the AWS credentials are read as by the AWS CLI."`
	JSON  bool   `name:"json" help:"Print a JSON array of {check, status, message, command}."`
}

// Run prints the findings. It returns an error if there is something to fix.
func (c *checkCommand) Run(ctx context.Context, stdout io.Writer) error {
	findings := check.Run(ctx, "", c.Stack)
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if err := c.print(stdout, findings); err != nil {
		return err
	}
	if check.Failed(findings) {
		return fmt.Errorf("stack %s needs what the lines with fix say", c.Stack)
	}
	return nil
}

func (c *checkCommand) print(stdout io.Writer, findings []check.Finding) error {
	if !c.JSON {
		return check.Print(stdout, findings)
	}
	encoder := json.NewEncoder(stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(findings); err != nil {
		return fmt.Errorf("printing the findings: %w", err)
	}
	return nil
}
