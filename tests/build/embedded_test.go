// Package build_test runs the Makefile's rules that build programs.
package build_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gen3d/tests/support/program"
)

// embedding is a program that embeds a file of its folder.
const embedding = `package main

import (
	_ "embed"
	"os"
)

//go:embed note.txt
var note string

func main() { os.Stdout.WriteString(note) }
`

func TestAProgramIsBuiltAgainWhenAFileThatItEmbedsHasChanged(t *testing.T) {
	for target, folder := range map[string]string{
		"bin/gen3d":                    "cmd/gen3d",
		"bin/model-server":             "model-image/server/cmd",
		"dist/native/notify":           "handlers/notify/cmd",
		"dist/lambda/notify/bootstrap": "handlers/notify/cmd",
	} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			m := newModule(t)
			m.write(folder+"/main.go", embedding)
			for _, note := range []string{"the first text of the file", "the second text of the file"} {
				m.write(folder+"/note.txt", note)
				// A copy may keep the time of what it copies.
				old := time.Now().Add(-time.Hour)
				if err := os.Chtimes(filepath.Join(m.folder, folder, "note.txt"), old, old); err != nil {
					t.Fatal(err)
				}
				m.make(target)
				if !bytes.Contains(m.read(target), []byte(note)) {
					t.Errorf("%s lacks %q", target, note)
				}
			}
		})
	}
}

func TestTheSameSourcesMakeTheSameFunction(t *testing.T) {
	var made [][]byte
	for range 2 {
		m := newModule(t)
		m.write("handlers/notify/cmd/main.go", embedding)
		m.write("handlers/notify/cmd/note.txt", "a text")
		m.make("dist/lambda/notify/bootstrap")
		made = append(made, m.read("dist/lambda/notify/bootstrap"))
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("two builds in two folders differ")
	}
}

// module is a folder with the Makefile and sources of its own.
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
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
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

func (m module) make(target string) {
	m.Helper()
	command := exec.Command("make", target)
	command.Dir = m.folder
	// The settings of a make that runs this test do not apply to this one.
	command.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "MAKE") || strings.HasPrefix(variable, "MFLAGS")
	})
	if output, err := command.CombinedOutput(); err != nil {
		m.Fatalf("make %s: %v\n%s", target, err, output)
	}
}
