// Package users has the commands for the users of a stack's pool.
package users

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"strings"

	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/target"
	"gen3d/local/directory"
)

// Commands are the commands of `gen3d users`.
type Commands struct {
	Add    addCommand    `cmd:"" help:"Add a user with a verified address; Cognito mails the invitation."`
	List   listCommand   `cmd:"" help:"List users with their state and whether their address is verified."`
	Remove removeCommand `cmd:"" help:"Remove a user; photos and meshes stay until gen3d user erase."`
}

// errFixed is returned for a change of the users of this machine.
var errFixed = errors.New("the service of this machine has three fictitious users, testuser001 to testuser003, who need no password; its users cannot be changed")

// passwordVariable is the environment variable with a password, as for gen3d
// token: an argument would be visible in the list of processes.
const passwordVariable = "GEN3D_PASSWORD"

type addCommand struct {
	target.Flags
	Address string `arg:"" help:"The user's mail address, which Notify sends results to."`
	NoMail  bool   `help:"Send no invitation: the password is the one in GEN3D_PASSWORD, or a temporary one that is printed."`
	Again   bool   `help:"Send the invitation of an existing user again, with a new temporary password."`
	JSON    bool   `name:"json" help:"Print the user as JSON."`
}

// Run adds the user.
func (c *addCommand) Run(ctx context.Context, s console.Streams) error {
	parsed, err := mail.ParseAddress(c.Address)
	if err != nil || parsed.Address != c.Address {
		return fmt.Errorf("%q is not a mail address; give one like someone@example.com", c.Address)
	}
	if c.NoMail && c.Again {
		return errors.New("--again sends a mail; it does not go with --no-mail")
	}
	t, err := c.Open(ctx)
	if err != nil {
		return err
	}
	if t.Local() {
		return errFixed
	}
	made, err := Open(t).Add(ctx, New{Address: c.Address, Silent: c.NoMail, Again: c.Again, Password: os.Getenv(passwordVariable)})
	if errors.Is(err, ErrExists) {
		return fmt.Errorf("%s is a user already; gen3d users list %s shows the state, and --again sends the invitation again", c.Address, t.Option())
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return s.JSON(made)
	}
	done := "added"
	if c.Again {
		done = "invited again"
	}
	fmt.Fprintf(s.Out, "User %s is %s (ID %s).\n", c.Address, done, made.ID)
	switch {
	case made.Temporary != "":
		fmt.Fprintf(s.Out, "Temporary password, for the first sign-in within three days: %s\n", made.Temporary)
	case c.NoMail:
		fmt.Fprintf(s.Out, "The password is the one in %s.\n", passwordVariable)
	default:
		fmt.Fprintln(s.Out, "Cognito mails a temporary password, for the first sign-in within three days.")
	}
	_, err = fmt.Fprintf(s.Out, "Sign in at %s\n", t.URL)
	return err
}

type listCommand struct {
	target.Flags
	Begins string `placeholder:"TEXT" help:"Only users whose address begins with this."`
	Limit  int    `default:"200" help:"How many users to list."`
	JSON   bool   `name:"json" help:"Print a JSON array."`
}

// Run lists the users.
func (c *listCommand) Run(ctx context.Context, s console.Streams) error {
	if c.Limit < 1 {
		return fmt.Errorf("--limit is %d; give at least 1", c.Limit)
	}
	t, err := c.Open(ctx)
	if err != nil {
		return err
	}
	found, more := fictitious(c.Begins), false
	if !t.Local() {
		if found, more, err = Open(t).List(ctx, EmailAttribute, c.Begins, c.Limit); err != nil {
			return err
		}
	}
	if c.JSON {
		if found == nil {
			found = []Account{}
		}
		return s.JSON(found)
	}
	var rows [][]string
	for _, a := range found {
		rows = append(rows, []string{a.Email, a.ID, a.State, yes(a.Verified), yes(a.Enabled), console.Time(a.Created)})
	}
	if err := s.Table([]string{"ADDRESS", "USER", "STATE", "VERIFIED", "ENABLED", "CREATED"}, rows); err != nil {
		return err
	}
	if more {
		s.Say("There are more: raise --limit, or give --begins.")
	}
	return nil
}

// fictitious returns the users of this machine whose address begins with prefix.
func fictitious(prefix string) []Account {
	var found []Account
	for _, user := range directory.Fictitious() {
		if !strings.HasPrefix(user.Email, prefix) {
			continue
		}
		found = append(found, Account{ID: user.Name, Username: user.Name, Email: user.Email, Verified: true, State: "CONFIRMED", Enabled: true})
	}
	return found
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

type removeCommand struct {
	target.Flags
	Name string `arg:"" help:"The user's address or ID."`
	Yes  bool   `help:"Do not ask."`
}

// Run removes the user from the pool. The claims are deleted as well unless
// unfinished jobs need them: Sweep would delete them a day later only.
func (c *removeCommand) Run(ctx context.Context, s console.Streams) error {
	t, err := c.Open(ctx)
	if err != nil {
		return err
	}
	if t.Local() {
		return errFixed
	}
	pool := Open(t)
	user, err := pool.Find(ctx, c.Name)
	if err != nil {
		return err
	}
	if err := s.Confirm(ctx, c.Yes, "Remove user %s (ID %s)? The user's photos and meshes stay.", user.Email, user.ID); err != nil {
		return err
	}
	if err := pool.Delete(ctx, user.Username); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "User %s is removed. To remove the photos and meshes too: gen3d user erase %s %s\n", user.Email, user.ID, t.Option())
	unfinished, err := t.Data.Unfinished(ctx, user.ID)
	if err != nil {
		return err
	}
	if len(unfinished) > 0 {
		s.Say("%s of the user's will still be finished; their mails reach nobody but the admin.", console.Count(len(unfinished), "job"))
		return nil
	}
	return t.Data.DeleteClaims(ctx, user.ID)
}
