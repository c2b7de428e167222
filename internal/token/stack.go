package token

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// Stack is what a deployed stack's outputs say about signing in to it.
type Stack struct {
	Name       string `json:"-"`
	Region     string `json:"region"`
	UserPoolID string `json:"userPoolId"`
	ClientID   string `json:"userPoolClientId"`
	WebsiteURL string `json:"websiteUrl"`
	APIURL     string `json:"apiUrl"`
}

// ReadStack reads the outputs of the stack called name with the pulumi command,
// run in folder (the one that holds Pulumi.yaml; empty means the current one).
func ReadStack(ctx context.Context, folder, name string) (Stack, error) {
	program, err := exec.LookPath("pulumi")
	if err != nil {
		return Stack{}, errors.New("reading a stack's outputs needs the pulumi command, which is not on the PATH: install it (https://www.pulumi.com/docs/install/) and try again")
	}
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, program, "stack", "output", "--json", "--non-interactive", "--stack", name)
	command.Dir = folder
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		if said := strings.TrimSpace(stderr.String()); said != "" {
			return Stack{}, fmt.Errorf("reading the outputs of stack %s: pulumi says: %s", name, said)
		}
		return Stack{}, fmt.Errorf("reading the outputs of stack %s: running pulumi: %w", name, err)
	}
	stack := Stack{Name: name}
	if err := json.Unmarshal(stdout.Bytes(), &stack); err != nil {
		return Stack{}, fmt.Errorf("reading the outputs of stack %s: pulumi's answer is not the JSON expected: %w", name, err)
	}
	var missing []string
	for _, output := range []struct{ name, value string }{
		{"region", stack.Region},
		{"userPoolId", stack.UserPoolID},
		{"userPoolClientId", stack.ClientID},
	} {
		if output.value == "" {
			missing = append(missing, output.name)
		}
	}
	if len(missing) > 0 {
		return Stack{}, fmt.Errorf("stack %s has no output %s: deploy it first with pulumi up --stack %s", name, strings.Join(missing, ", "), name)
	}
	return stack, nil
}
