// Package userdata has the commands for everything that the service keeps of a
// user: the profile, jobs, photos, files, records of mails, and claims.
package userdata

import (
	"context"
	"errors"
	"fmt"

	"gen3d/cmd/gen3d/target"
	"gen3d/cmd/gen3d/users"
	"gen3d/internal/job"
)

// Commands are the commands of `gen3d user`.
type Commands struct {
	Export exportCommand `cmd:"" help:"Download everything of a user into a folder."`
	Erase  eraseCommand  `cmd:"" help:"Delete everything of a user: all versions of all objects, and the user."`
}

// whose chooses a user.
type whose struct {
	target.Flags
	Name string `arg:"" help:"The user's address or ID."`
}

// person is a user. Account is nil for one who is not in the user pool, or no
// longer: then the objects are all that there is.
type person struct {
	id      string
	account *users.Account
}

// find opens the target and finds the user.
func (w *whose) find(ctx context.Context) (*target.Target, person, error) {
	t, err := w.Open(ctx)
	if err != nil {
		return nil, person{}, err
	}
	if t.Local() {
		id, err := users.FolderOf(ctx, t, w.Name)
		return t, person{id: id}, err
	}
	account, err := users.Open(t).Find(ctx, w.Name)
	switch {
	case err == nil && !job.ValidUser(account.ID):
		return nil, person{}, fmt.Errorf("user %s has the ID %q, which cannot be that of a folder", w.Name, account.ID)
	case err == nil:
		return t, person{id: account.ID, account: &account}, nil
	case errors.Is(err, users.ErrNoUser) && job.ValidUser(w.Name):
		return t, person{id: w.Name}, nil
	case errors.Is(err, users.ErrNoUser):
		return nil, person{}, fmt.Errorf("%w; if the user was removed already, give the ID, which gen3d jobs list %s prints", err, t.Option())
	}
	return nil, person{}, err
}

// prefixes are those of all objects of a user, in the order of their deletion:
// while a marker exists, its job is known to be incomplete.
func (p person) prefixes() []string {
	return []string{job.UsersPrefix + p.id + "/", job.PendingUserPrefix(p.id)}
}
