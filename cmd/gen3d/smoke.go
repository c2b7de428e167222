package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/smoke"
	"gen3d/cmd/gen3d/target"
)

type smokeCommand struct {
	target.Place
	Verbose      bool          `short:"v" help:"Print each HTTP request with its status and time, without secrets."`
	JSON         bool          `name:"json" help:"Print the report as JSON when all steps have ended."`
	JUnit        string        `name:"junit" type:"path" placeholder:"FILE" help:"Write the report as a JUnit test suite, too."`
	Timeout      time.Duration `default:"30m" help:"How long each job may take; the first one may have to wait for an instance."`
	Inbox        string        `placeholder:"S3-URI" help:"Where a receipt rule of SES stores mails, such as s3://mails/inbox/; by default the mails of a stack go to SES's mailbox simulator."`
	InboxAddress string        `name:"inbox-address" placeholder:"ADDRESS" help:"Address whose mails are stored in --inbox."`
}

// Run prints a line for each step as it ends. It returns an error if a step has
// failed.
func (c *smokeCommand) Run(ctx context.Context, s console.Streams) error {
	options := smoke.Options{
		Stack: c.Stack, URL: c.URL, Timeout: c.Timeout, Inbox: c.Inbox, InboxAddress: c.InboxAddress,
		Progress: func(step smoke.Step) { fmt.Fprintln(s.Out, console.Plain(step.String())) },
	}
	if c.Verbose {
		options.Trace = s.Out
	}
	if c.JSON {
		options.Progress = nil
		if c.Verbose {
			options.Trace = s.Err
		}
	}
	report := smoke.Run(ctx, options)
	if err := c.print(report, s); err != nil {
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

// print prints the report, also where its file cannot be written.
func (c *smokeCommand) print(report smoke.Report, s console.Streams) error {
	written := c.write(report)
	if c.JSON {
		return errors.Join(s.JSON(report), written)
	}
	_, err := fmt.Fprintln(s.Out, report)
	return errors.Join(err, written)
}

// write writes the report into the file of --junit.
func (c *smokeCommand) write(report smoke.Report) error {
	if c.JUnit == "" {
		return nil
	}
	file, err := os.Create(c.JUnit)
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if err := errors.Join(report.WriteJUnit(file), file.Close()); err != nil {
		return fmt.Errorf("writing the report to %s: %w", c.JUnit, err)
	}
	return nil
}
