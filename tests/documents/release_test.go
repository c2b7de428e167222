package documents_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gen3d/tests/support/program"
)

// The linker ignores a variable that does not exist, so the program would print
// no version.
func TestAReleaseSetsTheVersionOfTheProgram(t *testing.T) {
	set := regexp.MustCompile(`-X gen3d/(\S+)\.(\w+)=`).FindStringSubmatch(read(t, ".goreleaser.yaml"))
	if set == nil {
		t.Fatal(".goreleaser.yaml sets no variable of the program")
	}
	binary := filepath.Join(t.TempDir(), "gen3d")
	if err := program.Build(binary, "gen3d/cmd/gen3d", "-ldflags", "-s -w -X gen3d/"+set[1]+"."+set[2]+"=1.2.3"); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), binary, "version").Output()
	if err != nil || !strings.Contains(string(out), "1.2.3") {
		t.Errorf("gen3d version prints %q (%v)", out, err)
	}
}
