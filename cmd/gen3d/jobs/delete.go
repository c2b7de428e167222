package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gen3d/cmd/gen3d/console"
	"gen3d/internal/bucket"
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
	ref := snapshot.Ref
	r, err := read(ctx, t.Data, snapshot, time.Now())
	var what string
	switch {
	case errors.Is(err, bucket.ErrUnreadable): // its photo is unknown, unless it is in the job's own folder
		what = "its documents cannot be read"
	case err != nil:
		return err
	default:
		what = fmt.Sprintf("%s, %s", r.State, console.Count(len(r.Objects), "object"))
		if r.Photo != nil {
			what = r.Photo.Name + ", " + what
		}
	}
	if err := s.Confirm(ctx, c.Yes, "Delete job %s of user %s (%s) with its photo and files?", ref.Job, ref.User, what); err != nil {
		return err
	}
	if err := t.Data.RemoveJob(ctx, snapshot); err != nil {
		return fmt.Errorf("deleting job %s: %w (what is left of it can be deleted by the same command)", ref.Job, err)
	}
	fmt.Fprintf(s.Out, "Job %s of user %s is deleted.\n", ref.Job, ref.User)
	return nil
}
