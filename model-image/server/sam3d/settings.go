package sam3d

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// Settings are the environment variables of this backend.
type Settings struct {
	// Python is the interpreter that runs the worker.
	Python string `env:"WORKER_PYTHON" envDefault:"python3"`
	// Directory contains the Python package worker.
	Directory string `env:"WORKER_DIRECTORY"`
	// Weights is where SageMaker mounts the model's data.
	Weights string `env:"WEIGHTS_DIRECTORY" envDefault:"/opt/ml/model"`
	// DINOv2 holds the code of facebookresearch/dinov2.
	DINOv2 string `env:"DINOV2_DIRECTORY" envDefault:"/opt/dinov2"`
	// Scratch is for temporary photos and files: 200 MB for a photo of 50
	// megapixels. See [Config.Scratch].
	Scratch string `env:"SCRATCH_DIRECTORY"`
	// MinimumGPUGiB is the least GPU memory to accept. SAM 3D Objects requires 32
	// GB; a GPU of that size reports slightly less.
	MinimumGPUGiB int64 `env:"MINIMUM_GPU_GIB" envDefault:"31"`
	// DistilledSteps above 0 makes stage 1 sample as a distilled model in this many
	// steps, for every quality. It is an experiment: it is not known whether the
	// published weights are distilled. If they are not, the shapes are wrong.
	DistilledSteps int `env:"DISTILLED_STEPS"`
	// ExportPlaces is how many objects may wait for their files, or have them
	// written, while the GPU works on the next; see [Config.ExportPlaces].
	ExportPlaces int `env:"EXPORT_PLACES" envDefault:"2"`
	// SetupTimeout bounds loading the weights. The container startup health check
	// timeout of the endpoint's variant must be longer.
	SetupTimeout time.Duration `env:"WORKER_SETUP_TIMEOUT" envDefault:"20m"`
}

// Validate returns all problems of the settings as one error.
func (s Settings) Validate() error {
	var problems []error
	if s.Directory == "" {
		problems = append(problems, errors.New("WORKER_DIRECTORY is not set; the model image sets it to the folder that contains the worker"))
	} else if _, err := os.Stat(filepath.Join(s.Directory, "worker", "__main__.py")); err != nil {
		problems = append(problems, fmt.Errorf("WORKER_DIRECTORY is %s, which does not contain the worker: %w", s.Directory, err))
	}
	if s.MinimumGPUGiB < 0 {
		problems = append(problems, fmt.Errorf("MINIMUM_GPU_GIB is %d; it must not be negative", s.MinimumGPUGiB))
	}
	if s.DistilledSteps < 0 || s.DistilledSteps > 100 {
		problems = append(problems, fmt.Errorf("DISTILLED_STEPS is %d; it must be from 1 to 100, or 0 for the published sampler", s.DistilledSteps))
	}
	if s.ExportPlaces < 0 {
		problems = append(problems, fmt.Errorf("EXPORT_PLACES is %d; it must not be negative", s.ExportPlaces))
	}
	if s.SetupTimeout <= 0 {
		problems = append(problems, fmt.Errorf("WORKER_SETUP_TIMEOUT is %s; it must be above 0", s.SetupTimeout))
	}
	return errors.Join(problems...)
}

// FromSettings returns the backend as the container runs it.
func FromSettings(s Settings, log *slog.Logger, metrics Metrics) *Backend {
	return New(Config{
		Command: []string{s.Python, "-m", "worker"}, Directory: s.Directory,
		Exporter: []string{s.Python, "-m", "worker.exporter"}, ExportPlaces: s.ExportPlaces,
		Weights: s.Weights, DINOv2: s.DINOv2, Scratch: s.Scratch, MinimumGPUBytes: s.MinimumGPUGiB << 30,
		DistilledSteps: s.DistilledSteps, SetupTimeout: s.SetupTimeout, Backoff: time.Second, Log: log, Metrics: metrics,
	})
}
