// Package stackoutput reads the outputs of a deployed Pulumi stack.
package stackoutput

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// Read fills into, a struct with the outputs' names in its json tags, from the
// stack called name. It runs the pulumi command in folder, the one with
// Pulumi.yaml; empty means the current one. Fields of missing outputs are not
// changed.
func Read(ctx context.Context, folder, name string, into any) error {
	program, err := exec.LookPath("pulumi")
	if err != nil {
		return errors.New("reading a stack's outputs needs the pulumi command, which is not on the PATH: install it (https://www.pulumi.com/docs/install/) and try again")
	}
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, program, "stack", "output", "--json", "--non-interactive", "--stack", name)
	command.Dir = folder
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		if said := strings.TrimSpace(stderr.String()); said != "" {
			return fmt.Errorf("reading the outputs of stack %s: pulumi says: %s", name, said)
		}
		return fmt.Errorf("reading the outputs of stack %s: running pulumi: %w", name, err)
	}
	if err := json.Unmarshal(stdout.Bytes(), into); err != nil {
		return fmt.Errorf("reading the outputs of stack %s: pulumi's answer is not the JSON expected: %w", name, err)
	}
	return nil
}
