package jobs

import (
	"context"
	"fmt"
	"time"

	"gen3d/cmd/gen3d/console"
)

type deleteCommand struct {
	one
	Yes bool `help:"Do not ask."`
}

// Run deletes the job. A versioned bucket keeps the deleted objects as old
// versions until its lifecycle removes them.
func (c *deleteCommand) Run(ctx context.Context, s console.Streams) error {
	t, snapshot, err := c.open(ctx)
	if err != nil {
		return err
	}
	r, err := read(ctx, t.Data, snapshot, time.Now())
	if err != nil {
		return err
	}
	name := ""
	if r.Photo != nil {
		name = r.Photo.Name
	}
	if err := s.Confirm(c.Yes, "Delete job %s of user %s (%s, %s, %s) with its photo and files?",
		r.Job, r.User, name, r.State, console.Count(len(r.Objects), "object")); err != nil {
		return err
	}
	if err := t.Data.RemoveJob(ctx, snapshot); err != nil {
		return fmt.Errorf("deleting job %s: %w (what is left of it can be deleted by the same command)", r.Job, err)
	}
	fmt.Fprintf(s.Out, "Job %s of user %s is deleted.\n", r.Job, r.User)
	return nil
}
