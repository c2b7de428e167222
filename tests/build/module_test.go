package build_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gen3d/tests/support/program"
)

// module is a folder with a copy of the Makefile, and its own sources.
type module struct {
	*testing.T
	folder string
}

func newModule(t *testing.T) module {
	t.Helper()
	makefile, err := os.ReadFile(program.Path("Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	m := module{t, t.TempDir()}
	m.write("Makefile", string(makefile))
	m.write("go.mod", "module gen3d\n\ngo 1.26\n")
	m.write("go.sum", "")
	return m
}

func (m module) write(name, text string) {
	m.Helper()
	path := filepath.Join(m.folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.Fatal(err)
	}
	mode := os.FileMode(0o644)
	if strings.HasPrefix(text, "#!") {
		mode = 0o755
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		m.Fatal(err)
	}
}

func (m module) read(name string) []byte {
	m.Helper()
	data, err := os.ReadFile(filepath.Join(m.folder, filepath.FromSlash(name)))
	if err != nil {
		m.Fatal(err)
	}
	return data
}

// copyScript copies a script of the repository into the folder.
func (m module) copyScript(name string) {
	m.Helper()
	data, err := os.ReadFile(program.Path(name))
	if err != nil {
		m.Fatal(err)
	}
	m.write(name, string(data))
}

func (m module) runMake(target string) {
	m.Helper()
	if said, err := m.run(nil, "make", target); err != nil {
		m.Fatalf("make %s: %v\n%s", target, err, said)
	}
}

// run runs a command, or a script of the folder, and returns its output.
func (m module) run(variables []string, name string, args ...string) (string, error) {
	if _, err := os.Stat(filepath.Join(m.folder, name)); err == nil {
		name = filepath.Join(m.folder, name)
	}
	command := exec.CommandContext(m.Context(), name, args...)
	command.Dir = m.folder
	// The variables of a make that runs this test must not apply to this one.
	command.Env = append(slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "MAKE") || strings.HasPrefix(variable, "MFLAGS")
	}), variables...)
	said, err := command.CombinedOutput()
	return string(said), err
}
