// Package double runs the SAM 3D worker of model-image/worker for Go tests: the
// real worker, with a double of the model that has the real one's signatures
// (model-image/worker/tests/doubles) and generated weights.
package double

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

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
	folder := t.TempDir()
	d := Double{
		Python: python(t), Directory: program.Path("model-image"),
		Variables: []string{"PYTHONPATH=" + program.Path("model-image/worker/tests/doubles"), "PYTHONDONTWRITEBYTECODE=1"},
		Model:     filepath.Join(folder, "model"), DINOv2: filepath.Join(folder, "dinov2"),
	}
	lay := exec.Command(d.Python, "-c", "import pathlib, sys; from worker.tests.conftest import make_model; make_model(pathlib.Path(sys.argv[1]))", d.Model)
	// Not by its working directory: go test would record the time of that folder.
	lay.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH="+d.Directory)
	if output, err := lay.CombinedOutput(); err != nil {
		t.Fatalf("creating the double's weights: %v\n%s", err, output)
	}
	if err := errors.Join(os.Mkdir(d.DINOv2, 0o700), os.WriteFile(filepath.Join(d.DINOv2, "hubconf.py"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	return d
}

// python returns an interpreter with the packages of the worker's tests.
func python(t *testing.T) string {
	t.Helper()
	for _, candidate := range []string{os.Getenv("GEN3D_TEST_PYTHON"), program.Path("model-image/worker/.venv/bin/python"), "python3"} {
		if candidate == "" {
			continue
		}
		if exec.Command(candidate, "-c", "import numpy, PIL, omegaconf, hydra, trimesh, plyfile, pytest, hypothesis").Run() == nil {
			return candidate
		}
	}
	t.Skip("no python3 with the packages of model-image/worker/requirements-test.txt; run `make test-worker` once or set GEN3D_TEST_PYTHON to one")
	return ""
}
