// Package build_test tests the Makefile's rules that build programs, and the
// scripts that run the tests.
package build_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
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

func TestChangedEmbeddedFileRebuildsTheProgram(t *testing.T) {
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
				// A copied file may keep the old time.
				old := time.Now().Add(-time.Hour)
				if err := os.Chtimes(filepath.Join(m.folder, folder, "note.txt"), old, old); err != nil {
					t.Fatal(err)
				}
				m.runMake(target)
				if !bytes.Contains(m.read(target), []byte(note)) {
					t.Errorf("%s lacks %q", target, note)
				}
			}
		})
	}
}

func TestFunctionBuildsAreReproducible(t *testing.T) {
	var built [][]byte
	for range 2 {
		m := newModule(t)
		m.write("handlers/notify/cmd/main.go", embedding)
		m.write("handlers/notify/cmd/note.txt", "a text")
		m.runMake("dist/lambda/notify/bootstrap")
		built = append(built, m.read("dist/lambda/notify/bootstrap"))
	}
	if !bytes.Equal(built[0], built[1]) {
		t.Error("two builds in two folders differ")
	}
}
