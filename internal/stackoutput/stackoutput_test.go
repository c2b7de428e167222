package stackoutput_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gen3d/internal/stackoutput"
)

// pulumi sets the PATH to a folder with only a script of that name.
func pulumi(t *testing.T, script string) {
	t.Helper()
	folder := t.TempDir()
	if script != "" {
		if err := os.WriteFile(filepath.Join(folder, "pulumi"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", folder)
}

type outputs struct {
	Region string `json:"region"`
	Other  string `json:"other"`
}

func TestReadFillsTheStruct(t *testing.T) {
	folder := t.TempDir()
	pulumi(t, `[ "$*" = "stack output --json --non-interactive --stack dev" ] || { echo "called with $*" >&2; exit 9; }
echo here > seen
echo '{"region":"us-east-1","endpointName":"e"}'`)
	var got outputs
	if err := stackoutput.Read(t.Context(), folder, "dev", &got); err != nil {
		t.Fatal(err)
	}
	if got != (outputs{Region: "us-east-1"}) {
		t.Errorf("the outputs are %+v", got)
	}
	if _, err := os.Stat(filepath.Join(folder, "seen")); err != nil {
		t.Errorf("pulumi did not run in the project's folder: %v", err)
	}
}

func TestReadExplainsErrors(t *testing.T) {
	for name, test := range map[string]struct{ script, want string }{
		"no such stack":     {"echo \"error: no stack named 'dev' found\" >&2; exit 255", "pulumi says: error: no stack named 'dev' found"},
		"silent failure":    {"exit 3", "exit status 3"},
		"not JSON":          {"echo hello", "not the JSON expected"},
		"no pulumi command": {"", "not on the PATH: install it"},
	} {
		t.Run(name, func(t *testing.T) {
			pulumi(t, test.script)
			if err := stackoutput.Read(t.Context(), t.TempDir(), "dev", new(outputs)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}
