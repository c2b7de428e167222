package userdata

import (
	"context"
	"errors"
	"fmt"

	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/target"
	"gen3d/cmd/gen3d/users"
	"gen3d/internal/job"
)

type eraseCommand struct {
	whose
	Yes  bool `help:"Do not ask."`
	JSON bool `name:"json" help:"Print the counts as JSON."`
}

// erased counts what was deleted.
type erased struct {
	User     string `json:"userId"`
	Objects  int    `json:"objects"`
	Versions int    `json:"versions"` // of these objects, with delete markers
	Bytes    int64  `json:"bytes"`
	Account  bool   `json:"account"` // the user was removed from the pool
}

// passes is how often the objects are deleted: a function or the model server
// that is at work for the user can write some meanwhile.
const passes = 5

// Run deletes the user. The account is disabled first, so that nothing new
// comes, and deleted last, so that an erasure that is interrupted can be
// repeated by the same name.
func (c *eraseCommand) Run(ctx context.Context, s console.Streams) error {
	t, who, err := c.find(ctx)
	if err != nil {
		return err
	}
	found, err := versions(ctx, t, who)
	if err != nil {
		return err
	}
	if len(found) == 0 && who.account == nil {
		return fmt.Errorf("there is nothing of user %s", who.id)
	}
	counts := erased{User: who.id}
	counts.add(found)
	name := who.id
	if who.account != nil {
		name = who.account.Email + " (ID " + who.id + ")"
	}
	if err := s.Confirm(c.Yes, "Delete everything of user %s: %s in %s (%s)%s? It cannot be restored.", name,
		console.Count(counts.Objects, "object"), console.Count(counts.Versions, "version"), job.Bytes(counts.Bytes), accountText(who)); err != nil {
		return err
	}
	if err := c.erase(ctx, t, who, found, &counts); err != nil {
		return fmt.Errorf("%w (repeat the command to continue)", err)
	}
	if c.JSON {
		return s.JSON(counts)
	}
	fmt.Fprintf(s.Out, "Deleted of user %s: %s in %s (%s)%s.\n", who.id,
		console.Count(counts.Objects, "object"), console.Count(counts.Versions, "version"), job.Bytes(counts.Bytes), accountText(who))
	if counts.Account {
		fmt.Fprintf(s.Out, "A token that the user got before is valid for up to an hour; then repeat: gen3d user erase %s %s\n", who.id, t.Option())
	}
	return nil
}

func accountText(who person) string {
	if who.account == nil {
		return ""
	}
	return ", and the user"
}

func (c *eraseCommand) erase(ctx context.Context, t *target.Target, who person, found []version, counts *erased) error {
	if who.account != nil {
		if err := users.Open(t).Disable(ctx, who.account.Username); err != nil {
			return err
		}
	}
	*counts = erased{User: who.id}
	for range passes {
		if err := remove(ctx, t, found); err != nil {
			return err
		}
		counts.add(found)
		var err error
		if found, err = versions(ctx, t, who); err != nil {
			return err
		}
		if len(found) == 0 {
			break
		}
	}
	if len(found) > 0 {
		return errors.New("objects of the user are still being written; wait until the user's jobs have ended")
	}
	if who.account == nil {
		return nil
	}
	if err := users.Open(t).Delete(ctx, who.account.Username); err != nil && !errors.Is(err, users.ErrNoUser) {
		return err
	}
	counts.Account = true
	return nil
}

func (e *erased) add(found []version) {
	last := ""
	for _, v := range found {
		if v.key != last {
			e.Objects++
			last = v.key
		}
		e.Versions++
		e.Bytes += v.bytes
	}
}
