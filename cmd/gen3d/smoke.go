package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"gen3d/cmd/gen3d/smoke"
)

type smokeCommand struct {
	Stack        string        `xor:"place" required:"" help:"Pulumi stack to test, such as dev. Run the command in the checkout; the AWS credentials are read as by the AWS CLI."`
	Against      string        `xor:"place" required:"" enum:"local" help:"Test the service on this machine instead: local."`
	URL          string        `default:"http://127.0.0.1:8080" name:"url" help:"Where gen3d local runs; with --against local."`
	Verbose      bool          `short:"v" help:"Print each HTTP request with its status and time, without secrets."`
	JSON         bool          `name:"json" help:"Print the report as JSON when all steps have ended."`
	JUnit        string        `name:"junit" type:"path" placeholder:"FILE" help:"Write the report as a JUnit test suite, too."`
	Timeout      time.Duration `default:"30m" help:"How long each job may take; the first one may have to wait for an instance."`
	Inbox        string        `placeholder:"S3-URI" help:"Where a receipt rule of SES stores mails, such as s3://mails/inbox/; by default the mails of a stack go to SES's mailbox simulator."`
	InboxAddress string        `name:"inbox-address" placeholder:"ADDRESS" help:"Address whose mails are stored in --inbox."`
}

// Run prints a line for each step as it ends. It returns an error if a step has
// failed.
func (c *smokeCommand) Run(ctx context.Context, stdout io.Writer, progress errorOutput) error {
	options := smoke.Options{
		Stack: c.Stack, URL: c.URL, Timeout: c.Timeout, Inbox: c.Inbox, InboxAddress: c.InboxAddress,
		Progress: func(s smoke.Step) { fmt.Fprintln(stdout, s) },
	}
	if c.Verbose {
		options.Trace = stdout
	}
	if c.JSON {
		options.Progress = nil
		if c.Verbose {
			options.Trace = progress
		}
	}
	report := smoke.Run(ctx, options)
	if err := c.print(report, stdout); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted")
	case report.Failed > 0:
		return fmt.Errorf("%d of %d steps failed", report.Failed, len(report.Steps))
	}
	return nil
}

func (c *smokeCommand) print(report smoke.Report, stdout io.Writer) error {
	if c.JUnit != "" {
		file, err := os.Create(c.JUnit)
		if err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		if err := errors.Join(report.WriteJUnit(file), file.Close()); err != nil {
			return fmt.Errorf("writing the report to %s: %w", c.JUnit, err)
		}
	}
	if c.JSON {
		return report.WriteJSON(stdout)
	}
	_, err := fmt.Fprintln(stdout, report)
	return err
}
