// Package program builds this module's programs for tests that run them as
// processes.
package program

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Build builds the main package called pkg, such as gen3d/cmd/gen3d, into the
// file output, an absolute path, as the Makefile does: without cgo, so that both
// share their compiled packages, and without the race detector. The program has
// no debugging information, which takes half of the time of linking. flags are
// added to those of go run, which unlike go build keeps the linked program in
// its cache, so that a program of several tests is linked once.
func Build(output, pkg string, flags ...string) error {
	args := append([]string{"run", "-exec", "cp", "-ldflags", "-s -w"}, flags...)
	if _, err := run([]string{"CGO_ENABLED=0"}, append(args, pkg, output)...); err != nil {
		return fmt.Errorf("building %s: %w", pkg, err)
	}
	return Look(pkg)
}

// sources is the template of go list for the files of this module in a program,
// one per line.
const sources = `{{if and .Module .Module.Main}}{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$dir}}/{{.}}
{{end}}{{end}}`

var (
	mu     sync.Mutex
	listed = map[string][]string{} // sources by package
)

// Look calls stat on every source of the program pkg. A test that runs a
// program must call it: go test records the files that a test opens or stats,
// and does not use the cached result if one has changed. It records nothing
// before the tests begin: for what TestMain builds, the tests must call Look
// again.
func Look(pkg string) error {
	mu.Lock()
	defer mu.Unlock()
	if listed[pkg] == nil {
		files, err := run(nil, "list", "-deps", "-f", sources, pkg)
		if err != nil {
			return fmt.Errorf("listing the sources of %s: %w", pkg, err)
		}
		listed[pkg] = strings.Fields(files)
	}
	for _, file := range listed[pkg] {
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("checking the sources of %s: %w", pkg, err)
		}
	}
	return nil
}

// root is the module's folder, determined before the local S3 changes the
// process's working directory.
var root = findRoot()

// Path returns the absolute path of a file or folder of the module.
func Path(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }

func findRoot() string {
	folder, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(folder, "go.mod")); missing == nil {
			return folder
		}
		above := filepath.Dir(folder)
		if above == folder {
			break
		}
		folder = above
	}
	return ""
}

func run(env []string, args ...string) (string, error) {
	// Not by Cmd.Dir: go test would record the time of the module's folder.
	command := exec.Command("go", append([]string{"-C", root}, args...)...)
	command.Env = append(os.Environ(), env...)
	var said strings.Builder
	command.Stderr = &said
	answer, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, said.String())
	}
	return string(answer), nil
}

// LookBelow calls stat, like [Look], on the files of a folder of the module,
// such as model-image/worker, except in folders whose names begin with a dot. It
// does not read the folder itself: go test would record it with the times of its
// folders, which other tests change by their caches.
func LookBelow(folder string) error {
	names, err := exec.Command("find", Path(folder), "(", "-name", ".?*", "-o", "-name", "__pycache__", ")", "-prune", "-o", "-type", "f", "-print0").Output()
	if err != nil {
		return fmt.Errorf("listing the files of %s: %w", folder, err)
	}
	for file := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("checking the files of %s: %w", folder, err)
		}
	}
	return nil
}
