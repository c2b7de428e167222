package program_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gen3d/tests/support/program"
)

func TestBuildCreatesAProgramThatRuns(t *testing.T) {
	output := filepath.Join(t.TempDir(), "server")
	if err := program.Build(output, "gen3d/model-image/server/cmd"); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(output).CombinedOutput(); err == nil {
		t.Errorf("a server without its settings succeeded:\n%s", said)
	}
}

func TestBuildReturnsTheCompilersError(t *testing.T) {
	err := program.Build(filepath.Join(t.TempDir(), "none"), "gen3d/no/such/program")
	if err == nil || !strings.Contains(err.Error(), "building gen3d/no/such/program") {
		t.Errorf("%v", err)
	}
}
