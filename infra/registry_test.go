package infra

import (
	"os"
	"path/filepath"
	"testing"
)

// write creates a file of a checkout.
func write(t *testing.T, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestImageTagChangesOnlyWithItsSources(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "internal/job/keys.go", "model-image/Dockerfile", "model-image/worker/engine.py"} {
		write(t, root, name, name)
	}
	tag := func() string {
		t.Helper()
		tag, err := sourceTag(root)
		if err != nil {
			t.Fatal(err)
		}
		return tag
	}
	first := tag()
	for _, name := range []string{
		"model-image/worker/.venv/bin/python", "model-image/worker/__pycache__/engine.pyc", "model-image/worker/tests/test_engine.py",
		"internal/job/keys_test.go", "internal/job/testdata/fuzz/1", "model-image/README.md", "webapp/src/main.ts",
	} {
		write(t, root, name, "created by a test, or not in the image")
		if got := tag(); got != first {
			t.Errorf("%s changed the tag: %s, want %s", name, got, first)
		}
	}
	write(t, root, "model-image/worker/engine.py", "changed")
	if tag() == first {
		t.Error("a changed worker did not change the tag")
	}
}
