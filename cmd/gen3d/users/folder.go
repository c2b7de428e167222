package users

import (
	"context"
	"fmt"
	"strings"

	"gen3d/cmd/gen3d/target"
	"gen3d/internal/job"
	"gen3d/local/directory"
)

// FolderOf returns the user's ID in the bucket: the sub of a user that is named
// by an address, or the name itself.
func FolderOf(ctx context.Context, t *target.Target, name string) (string, error) {
	if !strings.Contains(name, "@") {
		if !job.ValidUser(name) {
			return "", fmt.Errorf("%q is neither a user's ID nor an address", name)
		}
		return name, nil
	}
	if t.Local() {
		for _, user := range directory.Fictitious() {
			if strings.EqualFold(user.Email, name) {
				return user.Name, nil
			}
		}
		return "", fmt.Errorf("the service of this machine has no user with the address %s", name)
	}
	account, err := Open(t).Find(ctx, name)
	if err != nil {
		return "", err
	}
	return account.ID, nil
}
