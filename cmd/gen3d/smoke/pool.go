package smoke

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"time"

	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/userdata"
	"gen3d/cmd/gen3d/users"
	"gen3d/internal/job"
)

// simulator is SES's mailbox simulator, which accepts every mail, also from an
// account in the sandbox. It supports labels after a plus sign.
// https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html
const simulator = "success+%s@simulator.amazonses.com"

// users makes two users with verified addresses and removes those that killed
// runs have left, with their files.
func (s *stack) users(ctx context.Context, r *run) (string, error) {
	removed, err := s.removeLeftOver(ctx)
	if err != nil {
		return "", err
	}
	r.a = &user{label: "user A", email: fmt.Sprintf(simulator, r.label+"-a")}
	r.b = &user{label: "user B", email: fmt.Sprintf(simulator, r.label+"-b")}
	if s.inbox.address != "" {
		r.a.email = s.inbox.address
	}
	for _, u := range []*user{r.a, r.b} {
		if err := s.makeUser(ctx, r, u); err != nil {
			return "", err
		}
	}
	if removed > 0 {
		return "2 made, " + console.Count(removed, "user") + " of an earlier run removed", nil
	}
	return "2 made", nil
}

// makeUser makes a user without a mail, with a permanent password, and with the
// run's label as its name, by which a later run finds it.
func (s *stack) makeUser(ctx context.Context, r *run, u *user) error {
	u.password = "aA1!" + rand.Text() // lower case, upper case, digit and symbol
	r.secrets.add(u.password)
	r.secrets.add(u.email)
	// Also after an interruption the answer tells which user to remove.
	added, err := s.pool.Add(context.WithoutCancel(ctx), users.New{Address: u.email, Silent: true, Name: r.label, Password: u.password})
	if added.Username != "" {
		u.name, u.id = added.Username, added.ID
		s.made = append(s.made, u)
	}
	switch {
	case errors.Is(err, users.ErrExists):
		return &mismatch{"to make " + u.label, "the user pool has a user with the address of --inbox-address", "delete that user, or give another address"}
	case err != nil:
		return &mismatch{"to make " + u.label, err.Error(), "the credentials need cognito-idp:AdminCreateUser and cognito-idp:AdminSetUserPassword on the user pool"}
	}
	return nil
}

// removeLeftOver removes the users whose run has ended by now, and returns their
// number.
func (s *stack) removeLeftOver(ctx context.Context) (int, error) {
	found, _, err := s.pool.List(ctx, users.NameAttribute, labelPrefix, math.MaxInt)
	if err != nil {
		return 0, &mismatch{"a list of earlier users", err.Error(), "the credentials need cognito-idp:ListUsers on the user pool"}
	}
	removed := 0
	for _, account := range found {
		if !leftOver(account.Name, time.Now()) {
			continue
		}
		if _, err := s.removeUser(ctx, account.Username, account.ID); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

// erase removes the users of the run with their files.
func (s *stack) erase(ctx context.Context, _ *run) (string, error) {
	var failed []error
	versions := 0
	for _, u := range s.made {
		n, err := s.removeUser(ctx, u.name, u.id)
		versions += n
		failed = append(failed, err)
	}
	if err := errors.Join(failed...); err != nil {
		return "", fmt.Errorf("%w; the next run removes what is left", err)
	}
	return fmt.Sprintf("%s and %s removed", console.Count(len(s.made), "user"), console.Count(versions, "version")+" of files"), nil
}

// removeUser deletes a user's files with all versions, then the user, so that an
// interrupted removal can be repeated. It returns the number of versions.
func (s *stack) removeUser(ctx context.Context, name, id string) (versions int, err error) {
	if job.ValidUser(id) {
		if versions, err = userdata.Delete(ctx, s.Target, id); err != nil {
			return versions, err
		}
	}
	if err := s.pool.Delete(ctx, name); err != nil && !errors.Is(err, users.ErrNoUser) {
		return versions, err
	}
	return versions, nil
}
