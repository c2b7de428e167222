package sam3d_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gen3d/internal/environment"
	"gen3d/internal/job"
	"gen3d/model-image/server/sam3d"
)

func TestSettingsFromTheEnvironment(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("WORKER_DIRECTORY", folder)
	if _, err := environment.Read[sam3d.Settings](); err == nil || !strings.Contains(err.Error(), "does not contain the worker") {
		t.Errorf("an empty folder: %v", err)
	}
	if err := os.MkdirAll(filepath.Join(folder, "worker"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "worker", "__main__.py"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := environment.Read[sam3d.Settings]()
	if err != nil {
		t.Fatal(err)
	}
	if settings.Weights != "/opt/ml/model" || settings.MinimumGPUGiB != 31 || settings.DistilledSteps != 0 || settings.ExportPlaces != 2 || settings.SetupTimeout != 20*time.Minute {
		t.Errorf("the defaults are %+v", settings)
	}
	if b := sam3d.FromSettings(settings, nil, nil); b.Name() != job.BackendSAM3D {
		t.Errorf("the backend is %s", b.Name())
	}
	t.Setenv("WORKER_DIRECTORY", "")
	t.Setenv("MINIMUM_GPU_GIB", "-1")
	t.Setenv("DISTILLED_STEPS", "-4")
	t.Setenv("EXPORT_PLACES", "-1")
	t.Setenv("WORKER_SETUP_TIMEOUT", "0s")
	_, err = environment.Read[sam3d.Settings]()
	for _, name := range []string{"WORKER_DIRECTORY", "MINIMUM_GPU_GIB", "DISTILLED_STEPS", "EXPORT_PLACES", "WORKER_SETUP_TIMEOUT"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
}
