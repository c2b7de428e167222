package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// words returns what a shell completes a command line to.
func words(t *testing.T, line string) []string {
	t.Helper()
	t.Setenv("COMP_LINE", line)
	var out, diagnostics bytes.Buffer
	if status := run(t.Context(), nil, &out, &diagnostics); status != 0 {
		t.Fatalf("%q: exit status %d: %s", line, status, diagnostics.String())
	}
	found := strings.Fields(out.String())
	slices.Sort(found)
	return found
}

func TestTheShellCompletesCommandsAndFlags(t *testing.T) {
	for line, want := range map[string][]string{
		"gen3d jobs re":         {"retry"},
		"gen3d us":              {"user", "users"},
		"gen3d jobs list --st":  {"--stack", "--state"},
		"gen3d users add --no-": {"--no-mail"},
	} {
		if got := words(t, line); !slices.Equal(got, want) {
			t.Errorf("%q is completed to %q, want %q", line, got, want)
		}
	}
}

func TestTheShellsScript(t *testing.T) {
	t.Setenv("SHELL", "/bin/bash")
	var out, diagnostics bytes.Buffer
	if status := run(t.Context(), []string{"completion"}, &out, &diagnostics); status != 0 || !strings.HasPrefix(out.String(), "complete -C ") {
		t.Errorf("exit status %d, %s%s", status, out.String(), diagnostics.String())
	}
}

func TestVersionIsPrinted(t *testing.T) {
	var out, diagnostics bytes.Buffer
	var info struct{ Version, Go string }
	if status := run(t.Context(), []string{"version", "--json"}, &out, &diagnostics); status != 0 || json.Unmarshal(out.Bytes(), &info) != nil || info.Version == "" || info.Go == "" {
		t.Errorf("exit status %d, %s%s", status, out.String(), diagnostics.String())
	}
}

func TestACommandWithoutATargetSaysHowToGiveOne(t *testing.T) {
	var out, diagnostics bytes.Buffer
	if status := run(t.Context(), []string{"doctor"}, &out, &diagnostics); status != 1 || !strings.Contains(diagnostics.String(), "gen3d: say where: --stack NAME") {
		t.Errorf("exit status %d, %s%s", status, out.String(), diagnostics.String())
	}
}
