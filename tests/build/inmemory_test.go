package build_test

import (
	"os"
	"strings"
	"testing"
)

// Go uses no cached result of a test that has asked for another TMPDIR.
func TestInMemoryGivesEachRunTheSameFolder(t *testing.T) {
	m := newModule(t)
	m.copyScript("tests/inmemory")
	var folders []string
	for range 2 {
		said, err := m.run(nil, "tests/inmemory", "sh", "-c", `test "$1" = "two words" && echo "${TMPDIR-/tmp}"`, "sh", "two words")
		if err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		folders = append(folders, strings.TrimSpace(said))
	}
	if info, err := os.Stat(folders[0]); folders[0] != folders[1] || err != nil || !info.IsDir() {
		t.Errorf("the folders are %q: %v", folders, err)
	}
	if _, err := m.run(nil, "tests/inmemory", "false"); err == nil {
		t.Error("a command that fails did not fail the run")
	}
}
