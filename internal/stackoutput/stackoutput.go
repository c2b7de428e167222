// Package stackoutput reads the outputs and settings of a Pulumi stack.
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

// ErrNoStack is returned for a stack that pulumi does not have.
var ErrNoStack = errors.New("deploy it first with make up or gen3d deploy")

// Read fills into, a struct with the outputs' names in its json tags, from the
// stack called name. It runs the pulumi command in folder, the one with
// Pulumi.yaml; empty means the current one. Fields of missing outputs are not
// changed.
func Read(ctx context.Context, folder, name string, into any) error {
	return run(ctx, folder, name, "outputs", into, "stack", "output", "--json")
}

// Settings returns the settings of the stack called name by their full keys,
// such as gen3d:model.enabled. Secrets are missing. It runs the pulumi command
// as [Read] does.
func Settings(ctx context.Context, folder, name string) (map[string]string, error) {
	var listed map[string]struct {
		Value  string `json:"value"`
		Secret bool   `json:"secret"`
	}
	if err := run(ctx, folder, name, "settings", &listed, "config", "--json"); err != nil {
		return nil, err
	}
	settings := map[string]string{}
	for key, setting := range listed {
		if !setting.Secret {
			settings[key] = setting.Value
		}
	}
	return settings, nil
}

// run runs the pulumi command and decodes its answer.
func run(ctx context.Context, folder, name, what string, into any, args ...string) error {
	program, err := exec.LookPath("pulumi")
	if err != nil {
		return fmt.Errorf("reading a stack's %s needs the pulumi command, which is not on the PATH: install it (https://www.pulumi.com/docs/install/) and try again", what)
	}
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, program, append(args, "--non-interactive", "--stack", name)...) // #nosec G204 -- arguments of this program
	command.Dir = folder
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		said := strings.TrimSpace(stderr.String())
		if strings.Contains(said, "no stack named") {
			return fmt.Errorf("reading the %s of stack %s: pulumi says: %s: %w", what, name, said, ErrNoStack)
		}
		if said != "" {
			return fmt.Errorf("reading the %s of stack %s: pulumi says: %s", what, name, said)
		}
		return fmt.Errorf("reading the %s of stack %s: running pulumi: %w", what, name, err)
	}
	if err := json.Unmarshal(stdout.Bytes(), into); err != nil {
		return fmt.Errorf("reading the %s of stack %s: pulumi's answer is not the JSON expected: %w", what, name, err)
	}
	return nil
}
