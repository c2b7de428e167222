package jobs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gen3d/cmd/gen3d/console"
)

type watchCommand struct {
	one
	Every time.Duration `default:"2s" help:"How often to look."`
}

// Run prints a line for each change until the job ends.
func (c *watchCommand) Run(ctx context.Context, s console.Streams) error {
	if c.Every < 100*time.Millisecond {
		return fmt.Errorf("--every is %s; give at least 100ms", c.Every)
	}
	t, snapshot, err := c.open(ctx)
	if err != nil {
		return err
	}
	last := ""
	for {
		r, err := read(ctx, t.Data, snapshot, time.Now())
		if err != nil {
			return err
		}
		if now := r.progress(); now != last {
			fmt.Fprintf(s.Out, "%s  %s\n", time.Now().UTC().Format("15:04:05Z"), console.Plain(now))
			last = now
		}
		if r.State.Finished() {
			return r.end(s)
		}
		select {
		case <-time.After(c.Every):
		case <-ctx.Done():
			return fmt.Errorf("watching job %s: %w", r.Job, ctx.Err())
		}
		if snapshot, err = t.Data.Snapshot(ctx, snapshot.Ref); err != nil {
			return err
		}
	}
}

// progress describes the job and each of its objects in one line.
func (r *report) progress() string {
	parts := []string{string(r.State)}
	for _, o := range r.Objects {
		state := string(o.State)
		if o.Stage != "" {
			state = string(o.Stage)
		}
		parts = append(parts, fmt.Sprintf("%d %s", o.Index, state))
	}
	if r.Waits != "" {
		parts = append(parts, "waits for "+r.Waits)
	}
	return strings.Join(parts, ", ")
}

// end prints the reasons of a job that has ended, and returns an error if an
// object failed.
func (r *report) end(s console.Streams) error {
	failed := r.Error != nil
	for _, o := range r.Objects {
		if o.Result != nil && o.Result.Error != nil {
			failed = true
			fmt.Fprintf(s.Out, "object %d: %s\n", o.Index, console.Plain(failureText(o.Result.Error)))
		}
	}
	if r.Error != nil && (len(r.Objects) == 0 || r.Objects[0].Result == nil) {
		fmt.Fprintln(s.Out, console.Plain(failureText(r.Error)))
	}
	if failed {
		return errFailed
	}
	return nil
}
