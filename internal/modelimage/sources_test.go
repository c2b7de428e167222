package modelimage

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkout creates a git checkout with these files, whose content is their name.
func checkout(t *testing.T, mode os.FileMode, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		write(t, root, name, name, mode)
	}
	git(t, root, "init", "--quiet")
	git(t, root, "add", ".")
	return root
}

func write(t *testing.T, root, name, content string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func git(t *testing.T, root string, args ...string) {
	t.Helper()
	if output, err := exec.Command("git", append([]string{"-C", root}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, output)
	}
}

// result returns tag and build context.
func result(t *testing.T, root string) (string, []byte) {
	t.Helper()
	tag, err := Tag(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	var context bytes.Buffer
	if err := WriteContext(t.Context(), root, &context); err != nil {
		t.Fatal(err)
	}
	return tag, context.Bytes()
}

var some = []string{
	"go.mod", "go.sum", "LICENSE", "internal/job/keys.go", "model-image/Dockerfile", "model-image/worker/engine.py",
	"internal/job/keys_test.go", "internal/job/testdata/1.json", "model-image/README.md", "model-image/worker/tests/test_engine.py", "webapp/src/main.ts",
}

func TestTwoCheckoutsWithOtherModesGiveTheSameImage(t *testing.T) {
	tag, context := result(t, checkout(t, 0o644, some...))
	other, otherContext := result(t, checkout(t, 0o600, some...))
	executable, executableContext := result(t, checkout(t, 0o775, some...))
	if tag != other || tag != executable {
		t.Errorf("the tags are %s, %s and %s", tag, other, executable)
	}
	if !bytes.Equal(context, otherContext) || !bytes.Equal(context, executableContext) {
		t.Error("the build contexts differ")
	}
}

func TestOnlySourcesChangeTheImage(t *testing.T) {
	root := checkout(t, 0o644, some...)
	tag, context := result(t, root)
	for _, name := range []string{
		"model-image/worker/notes.txt", "internal/job/keys.go~", // git does not track them
		"internal/job/keys_test.go", "internal/job/testdata/1.json", "model-image/README.md", "model-image/worker/tests/test_engine.py", "webapp/src/main.ts",
	} {
		write(t, root, name, "changed", 0o644)
		if other, otherContext := result(t, root); other != tag || !bytes.Equal(context, otherContext) {
			t.Errorf("%s changed the image", name)
		}
	}
	for _, name := range []string{"LICENSE", "go.mod", "internal/job/keys.go", "model-image/worker/engine.py"} {
		write(t, root, name, "changed", 0o644)
		other, otherContext := result(t, root)
		if other == tag || bytes.Equal(context, otherContext) {
			t.Errorf("%s did not change the image", name)
		}
		tag, context = other, otherContext
	}
}

func TestDockerignoreIsTheSameList(t *testing.T) {
	have, err := os.ReadFile(filepath.Join("..", "..", "model-image", "Dockerfile.dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != Dockerignore() {
		t.Errorf("model-image/Dockerfile.dockerignore must be:\n%s", Dockerignore())
	}
}

// Every path that the Dockerfile copies or mounts from the context is a source.
func TestDockerfileUsesSourcesOnly(t *testing.T) {
	root := filepath.Join("..", "..")
	files, err := Files(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	dockerfile, err := read(root, Dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(dockerfile), "\n") {
		words := strings.Fields(line)
		var used []string
		if len(words) > 2 && words[0] == "COPY" && !strings.HasPrefix(words[1], "--") {
			used = words[1 : len(words)-1]
		}
		if _, mounted, found := strings.Cut(line, "type=bind,source="); found {
			used = append(used, strings.FieldsFunc(mounted, func(r rune) bool { return r == ',' })[0])
		}
		for _, name := range used {
			name, _, _ = strings.Cut(name, "*")
			if !strings.Contains("\x00"+strings.Join(files, "\x00"), "\x00"+name) {
				t.Errorf("%s: no source begins with %s", line, name)
			}
		}
	}
}
