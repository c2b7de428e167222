// Package double runs the SAM 3D worker of model-image/worker for Go tests: the
// real worker, with a double of the model that has the real one's signatures
// (model-image/worker/tests/doubles) and generated weights.
package double

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"

	"gen3d/tests/support/program"
)

// Seeds with which the double fails
// (doubles/sam3d_objects/pipeline/inference_pipeline_pointmap.py).
const (
	SeedMemory = 9002 // memory runs out
	SeedKilled = 9003 // the kernel kills the worker
	SeedHangs  = 9004
	SeedNoisy  = 9005 // a library writes to stdout and stderr
	SeedBroken = 9007 // the GPU has failed
	SeedRaises = 9008
)

// Double is a worker that can be started.
type Double struct {
	Python    string   // the interpreter; it runs -m worker
	Directory string   // working directory: the folder of the package worker
	Variables []string // added to the environment
	Model     string   // folder of weights
	DINOv2    string   // folder of the code of DINOv2
}

// New creates the folders. It skips the test if no Python has the worker's
// packages.
func New(t *testing.T) Double {
	t.Helper()
	if err := program.LookBelow("model-image/worker"); err != nil {
		t.Fatal(err)
	}
	found := source()
	if found.err != nil {
		t.Fatal(found.err)
	}
	if found.python == "" {
		t.Skip("no python3 with the packages of model-image/worker/requirements-test.txt; run `make test-worker` once or set GEN3D_TEST_PYTHON to one")
	}
	folder := t.TempDir()
	d := Double{
		Python: found.python, Directory: program.Path("model-image"),
		Variables: []string{"PYTHONPATH=" + program.Path("model-image/worker/tests/doubles"), "PYTHONDONTWRITEBYTECODE=1"},
		Model:     filepath.Join(folder, "model"), DINOv2: filepath.Join(folder, "dinov2"),
	}
	if err := os.CopyFS(d.Model, found.model); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(d.DINOv2, 0o700), os.WriteFile(filepath.Join(d.DINOv2, "hubconf.py"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	return d
}

// made is what the doubles of a test binary have in common.
type made struct {
	python string // empty if there is none with the worker's packages
	model  fs.FS  // the weights, of which each double gets a copy
	err    error
}

// source finds the interpreter and creates the weights once a test binary: Python
// takes a second of the processor to import the worker's packages.
var source = sync.OnceValue(func() made {
	python := interpreter()
	if python == "" {
		return made{}
	}
	model, err := makeModel(python)
	return made{python, model, err}
})

// interpreter returns a Python with the packages of the worker's tests, or "".
func interpreter() string {
	for _, candidate := range []string{os.Getenv("GEN3D_TEST_PYTHON"), program.Path("model-image/worker/.venv/bin/python"), "python3"} {
		if candidate == "" {
			continue
		}
		if exec.Command(candidate, "-c", "import numpy, PIL, omegaconf, hydra, trimesh, plyfile, pytest, hypothesis").Run() == nil {
			return candidate
		}
	}
	return ""
}

// makeModel returns the weights that the worker's tests use.
func makeModel(python string) (_ fs.FS, err error) {
	folder, err := os.MkdirTemp("", "gen3d-double-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	model := filepath.Join(folder, "model")
	command := exec.Command(python, "-c", "import pathlib, sys; from worker.tests.conftest import make_model; make_model(pathlib.Path(sys.argv[1]))", model)
	// Not by its working directory: go test would record the time of that folder.
	command.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH="+program.Path("model-image"))
	if output, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("creating the double's weights: %w\n%s", err, output)
	}
	files := fstest.MapFS{}
	err = filepath.WalkDir(model, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(model, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		files[filepath.ToSlash(name)] = &fstest.MapFile{Data: data}
		return err
	})
	return files, err
}
