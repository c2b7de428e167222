package documents_test

import (
	"path/filepath"
	"regexp"
	"testing"
)

// The linker ignores a variable that does not exist, so the program would print
// no version.
func TestAReleaseSetsTheVersionOfTheProgram(t *testing.T) {
	set := regexp.MustCompile(`-X main\.(\w+)=`).FindStringSubmatch(read(t, ".goreleaser.yaml"))
	if set == nil {
		t.Fatal(".goreleaser.yaml sets no variable of the program")
	}
	sources, err := filepath.Glob(filepath.Join(root, "cmd/gen3d/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile(`(?m)^\s+Version\s+\w+\s+` + "`cmd:")
	variable := regexp.MustCompile(`(?m)^(?:var |\t)` + set[1] + `(?: string)?(?: =|$)`)
	printed, declared := false, false
	for _, source := range sources {
		name, err := filepath.Rel(root, source)
		if err != nil {
			t.Fatal(err)
		}
		text := read(t, name)
		printed = printed || command.MatchString(text)
		declared = declared || variable.MatchString(text)
	}
	if !printed {
		t.Skip("the program has no command version")
	}
	if !declared {
		t.Errorf("a release sets main.%s, which cmd/gen3d does not declare", set[1])
	}
}
