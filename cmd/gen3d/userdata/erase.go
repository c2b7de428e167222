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
	// Unfinished is the number of jobs that had not ended: the model server
	// writes the files of the objects that it is at, all the same.
	Unfinished int `json:"unfinishedJobs"`
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
	found, err := versions(ctx, t, who.id)
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
	if err := s.Confirm(ctx, c.Yes, "Delete everything of user %s: %s in %s (%s)%s? It cannot be restored.", name,
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
	if counts.Unfinished > 0 {
		fmt.Fprintf(s.Out, "%s had not ended: the model completes the object that it is at, and its files appear again; then repeat: gen3d user erase %s %s\n",
			console.Count(counts.Unfinished, "job"), who.id, t.Option())
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
	var err error
	if *counts, err = deleteAll(ctx, t, who.id, found); err != nil {
		return err
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

// Delete deletes all versions of all objects of a user, whose ID is given, and
// returns their number.
func Delete(ctx context.Context, t *target.Target, user string) (int, error) {
	found, err := versions(ctx, t, user)
	if err != nil {
		return 0, err
	}
	counts, err := deleteAll(ctx, t, user, found)
	return counts.Versions, err
}

// deleteAll deletes what was found of a user, and what is written meanwhile.
func deleteAll(ctx context.Context, t *target.Target, user string, found []version) (erased, error) {
	counts := erased{User: user}
	for range passes {
		if err := remove(ctx, t, found); err != nil {
			return counts, err
		}
		counts.add(found)
		var err error
		if found, err = versions(ctx, t, user); err != nil {
			return counts, err
		}
		if len(found) == 0 {
			return counts, nil
		}
	}
	return counts, errors.New("objects of the user are still being written; wait until the user's jobs have ended")
}

func (e *erased) add(found []version) {
	last := ""
	for _, v := range found {
		if v.key != last {
			e.Objects++
			last = v.key
		}
		if _, err := job.ParsePendingKey(v.key); err == nil && v.current {
			e.Unfinished++
		}
		e.Versions++
		e.Bytes += v.bytes
	}
}
