package download_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gen3d/cmd/gen3d/download"
)

// source has objects by key. It cuts the first reads off that cuts counts.
type source struct {
	objects map[string]string
	cuts    int
	opened  int
}

func (s *source) Open(_ context.Context, key, _ string) (io.ReadCloser, error) {
	s.opened++
	text, ok := s.objects[key]
	if !ok {
		return nil, errors.New("no such object")
	}
	if s.cuts > 0 {
		s.cuts--
		return io.NopCloser(io.MultiReader(strings.NewReader(text[:1]), broken{})), nil
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func file(name, content string) download.File {
	sum := sha256.Sum256([]byte(content))
	return download.File{Key: "k", Name: name, Bytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
}

func ignore(download.File, bool) {}

func TestNoNameLeadsOutOfTheFolder(t *testing.T) {
	outside := t.TempDir()
	folder := filepath.Join(t.TempDir(), "f")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(folder, "link")); err != nil {
		t.Fatal(err)
	}
	from := &source{objects: map[string]string{"k": "content"}}
	for _, name := range []string{"../a", "/a", "a/../../b", "", ".", `..\a`, "c:a", "a\nb", "link/a"} {
		if err := download.Files(t.Context(), from, folder, []download.File{file(name, "content")}, ignore); err == nil {
			t.Errorf("%q was accepted", name)
		}
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) > 0 {
		t.Errorf("outside the folder: %v, %v", entries, err)
	}
}

func TestAnInterruptedTransferIsRepeated(t *testing.T) {
	folder := t.TempDir()
	from := &source{objects: map[string]string{"k": "content"}, cuts: 2}
	if err := download.Files(t.Context(), from, folder, []download.File{file("1/a", "content")}, ignore); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(folder, "1/a")); err != nil || string(data) != "content" {
		t.Errorf("%q, %v", data, err)
	}
	from.cuts = 3
	if err := download.Files(t.Context(), from, folder, []download.File{file("1/b", "content")}, ignore); err == nil || !strings.Contains(err.Error(), "connection reset") {
		t.Errorf("%v", err)
	}
	if entries, err := os.ReadDir(filepath.Join(folder, "1")); err != nil || len(entries) != 1 {
		t.Errorf("an incomplete file is left: %v, %v", entries, err)
	}
}

func TestAFileThatIsThereIsNotFetched(t *testing.T) {
	folder := t.TempDir()
	from := &source{objects: map[string]string{"k": "content"}}
	for range 2 {
		if err := download.Files(t.Context(), from, folder, []download.File{file("a", "content")}, ignore); err != nil {
			t.Fatal(err)
		}
	}
	if from.opened != 1 {
		t.Errorf("fetched %d times", from.opened)
	}
}

func TestSafeNameIsAName(t *testing.T) {
	for key, want := range map[string]string{
		"input/cat (1).jpg": "input/cat (1).jpg", "input/../x": "input/%2E%2E/x", "a//b": "a/%/b", `a\b:c`: "a%5Cb%3Ac", "50%": "50%25", "tête\n": "tête%0A", "\xff": "%FF",
	} {
		got := download.SafeName(key)
		if got != want {
			t.Errorf("%q becomes %q, want %q", key, got, want)
		}
		from := &source{objects: map[string]string{"k": "content"}}
		if err := download.Files(t.Context(), from, t.TempDir(), []download.File{file(got, "content")}, ignore); err != nil {
			t.Errorf("%q: %v", got, err)
		}
	}
}
