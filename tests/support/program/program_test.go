package program_test

import (
	"os"
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

// What go test reads to decide whether a result is still valid.
func TestLookBelowRecordsFilesAndNoFolder(t *testing.T) {
	if os.Getenv("GEN3D_TEST_LOOKS") != "" {
		if err := program.LookBelow("model-image/worker"); err != nil {
			t.Fatal(err)
		}
		return
	}
	log := filepath.Join(t.TempDir(), "log")
	test := exec.Command(os.Args[0], "-test.run=^TestLookBelowRecordsFilesAndNoFolder$", "-test.testlogfile="+log)
	test.Env = append(os.Environ(), "GEN3D_TEST_LOOKS=1")
	if said, err := test.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	folder := program.Path("model-image/worker")
	if !strings.Contains(string(data), "stat "+filepath.Join(folder, "tests", "conftest.py")+"\n") {
		t.Errorf("no file of a folder below is recorded:\n%s", data)
	}
	for line := range strings.Lines(string(data)) {
		name := strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(line, "open "), "stat "))
		if info, err := os.Stat(name); strings.HasPrefix(name, folder) && (err != nil || info.IsDir()) {
			t.Errorf("recorded: %s", line)
		}
	}
}
