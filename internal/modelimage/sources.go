// Package modelimage lists the files of the checkout from which the model's
// image is built. The list determines the image's tag and its build context.
package modelimage

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Dockerfile is the path of the image's Dockerfile in a checkout.
const Dockerfile = "model-image/Dockerfile"

// sources are the paths of a checkout that the Dockerfile copies or mounts.
var sources = []string{"LICENSE", "go.mod", "go.sum", "internal", "model-image"}

// excluded are files below sources that are not part of the image, as patterns of a
// .dockerignore. A pattern excludes every file whose name, or one of whose
// folders' names, matches.
var excluded = []string{"**/*.md", "**/*_test.go", "**/testdata", "model-image/rehearsal", "model-image/serve", "model-image/worker/tests"}

// ignored are files that tools create beside the sources. git does not track
// them; a build of the whole checkout skips them by these patterns.
var ignored = []string{"**/.*_cache", "**/.venv", "**/__pycache__"}

// Dockerignore is the content of model-image/Dockerfile.dockerignore, for a
// build that uses the checkout as the context.
func Dockerignore() string {
	var text strings.Builder
	text.WriteString("# Excludes everything but the inputs of the image. internal/modelimage has the list.\n*\n")
	for _, source := range sources {
		text.WriteString("!" + source + "\n")
	}
	for _, pattern := range slices.Concat(excluded, ignored) {
		text.WriteString(pattern + "\n")
	}
	return text.String()
}

// Files returns the image's sources in the checkout at root, as sorted paths
// relative to it with slashes. Only files that git tracks are sources.
func Files(ctx context.Context, root string) ([]string, error) {
	command := exec.CommandContext(ctx, "git", append([]string{"-C", root, "ls-files", "-z", "--"}, sources...)...) // #nosec G204 -- fixed arguments
	listed, err := command.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			return nil, fmt.Errorf("listing the model image's sources: git says: %s", strings.TrimSpace(string(failed.Stderr)))
		}
		return nil, fmt.Errorf("listing the model image's sources: %w", err)
	}
	var files []string
	for _, name := range strings.Split(strings.TrimRight(string(listed), "\x00"), "\x00") {
		if name != "" && !isExcluded(name) {
			files = append(files, name)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

func isExcluded(name string) bool {
	for _, pattern := range excluded {
		anywhere, found := strings.CutPrefix(pattern, "**/")
		for part := name; part != "."; part = path.Dir(part) {
			against := part
			if found {
				against = path.Base(part)
			}
			if match, _ := path.Match(anywhere, against); match {
				return true
			}
		}
	}
	return false
}

// Tag returns the image's tag: a hash of the names and contents of its sources.
// Tags in the registry are immutable, so changed sources need a new tag, and
// the same sources have the same one in every checkout.
func Tag(ctx context.Context, root string) (string, error) {
	files, err := Files(ctx, root)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, name := range files {
		content, err := read(root, name)
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content) // a hash returns no error
	}
	return "src-" + hex.EncodeToString(sum.Sum(nil))[:16], nil
}

// WriteContext writes the build context as a tar archive: the files that [Tag]
// hashes, with the same modes and times everywhere.
func WriteContext(ctx context.Context, root string, w io.Writer) error {
	files, err := Files(ctx, root)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(w)
	for _, name := range files {
		content, err := read(root, name)
		if err != nil {
			return err
		}
		header := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), ModTime: time.Unix(0, 0), Typeflag: tar.TypeReg}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("writing %s to the build context: %w", name, err)
		}
		if _, err := archive.Write(content); err != nil {
			return fmt.Errorf("writing %s to the build context: %w", name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("writing the build context: %w", err)
	}
	return nil
}

func read(root, name string) ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name))) // #nosec G304 -- a source of the checkout
	if err != nil {
		return nil, fmt.Errorf("reading a source of the model image: %w", err)
	}
	return content, nil
}
