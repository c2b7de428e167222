package build_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// npm stands for npm run build, which Vite does: it makes the page of what the
// folder src has.
const npm = `#!/bin/sh
test "$*" = "run build" || exit 2
echo built >>../builds
rm -rf dist
mkdir dist
cat src/* >dist/index.html
`

func TestAnyChangeOfItsSourcesRebuildsThePage(t *testing.T) {
	m := newModule(t)
	m.write("bin/npm", npm)
	m.write("webapp/package-lock.json", "{}")
	m.write("webapp/node_modules/.package-lock.json", "{}")
	m.write("webapp/src/one file.ts", "the first file, ")
	m.write("webapp/src/two.ts", "the second file")
	source := func(name string) string { return filepath.Join(m.folder, "webapp", "src", name) }
	builds := 0
	for _, step := range []struct {
		name   string
		change func() error
		builds bool
		page   string
	}{
		{"the first time", func() error { return nil }, true, "the first file, the second file"},
		{"no change", func() error { return nil }, false, "the first file, the second file"},
		{"another text with an old time", func() error {
			m.write("webapp/src/two.ts", "another text")
			old := time.Now().Add(-time.Hour)
			return os.Chtimes(source("two.ts"), old, old)
		}, true, "the first file, another text"},
		{"a new time", func() error { return os.Chtimes(source("two.ts"), time.Now(), time.Now()) }, false, "the first file, another text"},
		{"another name", func() error { return os.Rename(source("two.ts"), source("a.ts")) }, true, "another textthe first file, "},
		{"a deleted file", func() error { return os.Remove(source("one file.ts")) }, true, "another text"},
		{"a test of the browser", func() error {
			m.write("webapp/e2e/page.spec.ts", "a test")
			return nil
		}, false, "another text"},
	} {
		if err := step.change(); err != nil {
			t.Fatal(err)
		}
		if said, err := m.run([]string{"PATH=" + m.folder + "/bin:" + os.Getenv("PATH")}, "make", "webapp/dist/index.html"); err != nil {
			t.Fatalf("%s: %v\n%s", step.name, err, said)
		}
		if step.builds {
			builds++
		}
		if got := strings.Count(string(m.read("builds")), "built"); got != builds {
			t.Errorf("%s: the page was built %d times, want %d", step.name, got, builds)
			builds = got
		}
		if got := string(m.read("webapp/dist/index.html")); got != step.page {
			t.Errorf("%s: the page is %q, want %q", step.name, got, step.page)
		}
	}
}
