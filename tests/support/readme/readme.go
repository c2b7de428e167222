// Package readme parses commands in README.md, so that tests run what it
// documents.
package readme

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Attribute is a user's attribute in Cognito.
type Attribute struct{ Name, Value string }

// NewUser has the arguments of Cognito's AdminCreateUser in the README's
// command for a new user.
type NewUser struct {
	Username   string
	Attributes []Attribute
}

const createUser = "aws cognito-idp admin-create-user "

// User parses the command. root is the folder of README.md.
// https://docs.aws.amazon.com/cli/latest/reference/cognito-idp/admin-create-user.html
func User(root string) (NewUser, error) {
	text, err := os.ReadFile(filepath.Join(root, "README.md")) // #nosec G304 -- of this checkout
	if err != nil {
		return NewUser{}, err
	}
	joined := strings.ReplaceAll(string(text), "\\\n", " ")
	_, rest, found := strings.Cut(joined, "\n"+createUser)
	if !found || strings.Contains(rest, "\n"+createUser) {
		return NewUser{}, fmt.Errorf("README.md does not have exactly one line that begins with %q", createUser)
	}
	command, _, _ := strings.Cut(rest, "\n")
	return parse(command)
}

// parse parses the options of the command. Values with spaces are not
// supported.
func parse(command string) (NewUser, error) {
	var user NewUser
	option := ""
	for _, word := range strings.Fields(command) {
		if strings.HasPrefix(word, "--") {
			option = word
			continue
		}
		switch option {
		case "--username":
			user.Username = word
		case "--user-attributes":
			name, value, ok := strings.Cut(strings.TrimPrefix(word, "Name="), ",Value=")
			if !strings.HasPrefix(word, "Name=") || !ok {
				return NewUser{}, fmt.Errorf("the attribute %q does not have the form Name=…,Value=…", word)
			}
			user.Attributes = append(user.Attributes, Attribute{name, value})
		case "--user-pool-id": // the output of another command
		default:
			return NewUser{}, fmt.Errorf("the option %s of the README's command is not supported", option)
		}
	}
	if user.Username == "" {
		return NewUser{}, fmt.Errorf("the command %q names no user", createUser+command)
	}
	return user, nil
}
