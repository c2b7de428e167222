// Package citations_test checks that the files named in comments and documents
// exist.
package citations_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// skipped are folders of built or installed files.
var skipped = map[string]bool{
	".git": true, ".venv": true, ".gen3d": true, ".hypothesis": true, ".schemathesis": true,
	"node_modules": true, "bin": true, "dist": true, "testdata": true, "test-results": true,
}

// comments maps a file's suffix to the start of a comment. Documents are read
// whole.
var comments = map[string]string{".go": "//", ".ts": "//", ".py": "#", ".yaml": "#", ".toml": "#", ".sh": "#", "": "#", ".md": ""}

var (
	address = regexp.MustCompile(`https?://\S+`)
	// cited matches a file below one of the repository's folders, or a
	// document.
	cited = regexp.MustCompile(`(?:^|[\s(\x60"'])((?:(?:cmd|docs|handlers|infra|internal|local|model-image|tests|testdata|webapp)/[\w./-]*\w\.(?:go|json|md|py|sh|toml|ts|txt|yaml))|[\w-]+\.md)\b`)
)

func TestCitedFilesExist(t *testing.T) {
	documents := map[string]bool{}
	var files []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skipped[entry.Name()] && path != filepath.Join(root, "testdata"):
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		if filepath.Ext(path) == ".md" {
			documents[entry.Name()] = true
		}
		if _, ok := comments[filepath.Ext(path)]; ok {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(address.ReplaceAllString(string(data), ""), "\n") {
			_, comment, _ := strings.Cut(line, comments[filepath.Ext(file)])
			for _, match := range cited.FindAllStringSubmatch(comment, -1) {
				name := match[1]
				found++
				if _, err := os.Stat(filepath.Join(root, name)); err != nil && !documents[name] {
					t.Errorf("%s:%d names %s, which does not exist", strings.TrimPrefix(file, root+"/"), i+1, name)
				}
			}
		}
	}
	if found < 5 {
		t.Errorf("only %d citations were found", found)
	}
}
