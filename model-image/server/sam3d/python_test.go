package sam3d_test

import (
	"errors"
	"image"
	"image/color"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/model-image/server"
	"gen3d/model-image/server/sam3d"
	"gen3d/tests/program"
	"gen3d/tests/transcript"
)

// python finds an interpreter with what the worker's tests need.
func python(t *testing.T) string {
	t.Helper()
	if err := program.LookBelow("model-image/worker"); err != nil {
		t.Fatal(err)
	}
	venv, err := filepath.Abs("../../../.venv/bin/python")
	if err != nil {
		t.Fatal(err)
	}
	for _, candidate := range []string{os.Getenv("GEN3D_TEST_PYTHON"), venv, "python3"} {
		if candidate == "" {
			continue
		}
		if exec.Command(candidate, "-c", "import numpy, PIL, omegaconf, hydra, trimesh, plyfile").Run() == nil {
			return candidate
		}
	}
	t.Skip("no python3 with the packages of model-image/worker/requirements-test.txt; set GEN3D_TEST_PYTHON to one")
	return ""
}

// modelFolder is laid out as the weights are, with made-up ones.
func modelFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	generator := "module:\n  condition_embedder:\n    backbone:\n      _target_: sam3d_objects.model.backbone.dit.embedder.dino.Dino\n"
	pipeline := `_target_: sam3d_objects.pipeline.inference_pipeline_pointmap.InferencePipelinePointMap
layout_post_optimization_method: refine
depth_model:
  _target_: sam3d_objects.pipeline.depth_models.moge.MoGe
  model: {_target_: moge.model.v1.MoGeModel.from_pretrained, pretrained_model_name_or_path: Ruicheng/moge-vitl}
`
	files := map[string]string{"moge/model.pt": "w", "sam2/sam2.1_hiera_large.pt": "w", "dinov2/hubconf.py": "#"}
	for _, part := range []string{"ss_generator", "slat_generator", "ss_decoder", "slat_decoder_gs", "slat_decoder_mesh"} {
		pipeline += part + "_config_path: " + part + ".yaml\n" + part + "_ckpt_path: " + part + ".ckpt\n"
		files["sam3d/"+part+".yaml"], files["sam3d/"+part+".ckpt"] = generator, "w"
	}
	files["sam3d/pipeline.yaml"] = pipeline
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// disc is a photo with a dark thing on a light ground.
func disc() *image.NRGBA {
	photo := image.NewNRGBA(image.Rect(0, 0, 160, 120))
	for y := range 120 {
		for x := range 160 {
			c := color.NRGBA{R: 220, G: 220, B: 220, A: 255}
			if (x-80)*(x-80)+(y-60)*(y-60) < 900 {
				c = color.NRGBA{R: 30, G: 40, B: 60, A: 255}
			}
			photo.SetNRGBA(x, y, c)
		}
	}
	return photo
}

// Seeds by which the double of the model misbehaves
// (worker/tests/doubles/sam3d_objects/pipeline/inference_pipeline_pointmap.py).
const (
	seedMemory = 9002
	seedKilled = 9003
	seedNoisy  = 9005
	seedBroken = 9007
)

func TestThePythonWorkerWithADoubleOfTheModel(t *testing.T) {
	program := python(t)
	worker, err := filepath.Abs("../../worker")
	if err != nil {
		t.Fatal(err)
	}
	model, log := modelFolder(t), &transcript.Log{}
	b := sam3d.New(sam3d.Config{
		Command: []string{program, "-m", "worker"}, Directory: filepath.Dir(worker),
		Environment: []string{"PYTHONPATH=" + filepath.Join(worker, "tests", "doubles"), "PYTHONDONTWRITEBYTECODE=1"},
		Weights:     model, DINOv2: filepath.Join(model, "dinov2"), Scratch: t.TempDir(), SetupTimeout: 5 * time.Minute,
		MinimumGPUBytes: 30 << 30, Backoff: time.Millisecond,
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	t.Cleanup(b.Close)
	if err := b.Setup(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	in := server.Input{
		Photo: disc(), Object: job.Object{Index: 1, Label: "Kätzchen", Box: &job.Box{30, 20, 130, 100}},
		Formats: job.AllFormats, Stage: func(job.Stage) {},
	}
	made := func(t *testing.T, seed uint32) error {
		in.Seed = seed
		out, err := b.Reconstruct(t.Context(), in)
		if err == nil {
			if glb := out.Files[job.FormatGLB]; string(glb[:4]) != "glTF" || !strings.Contains(string(glb[:2000]), "Kätzchen") {
				t.Errorf("the GLB begins with %q", glb[:40])
			}
			if preview := out.Files[job.FormatPreview]; string(preview[1:4]) != "PNG" {
				t.Errorf("the preview begins with %q", preview[:8])
			}
			if out.Mesh.Vertices != 642 || out.Mesh.Bounds[1][1] != 0.5 || out.Pose == nil {
				t.Errorf("the mesh is %+v, the pose %+v", out.Mesh, out.Pose)
			}
		}
		return err
	}
	if err := made(t, 1); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if err := made(t, seedNoisy); err != nil {
		t.Errorf("a noisy library: %v", err)
	}
	if err := made(t, seedMemory); !errors.Is(err, server.ErrOutOfMemory) {
		t.Errorf("out of memory: %v", err)
	}
	for _, seed := range []uint32{seedKilled, seedBroken} {
		if err := made(t, seed); err == nil {
			t.Errorf("seed %d: no error", seed)
		}
		if err := made(t, 1); err != nil {
			t.Errorf("after seed %d: %v", seed, err)
		}
	}
	clear := disc()
	for i := 3; i < len(clear.Pix); i += 4 {
		clear.Pix[i] = 0
	}
	in.Photo = clear
	if failure, ok := job.AsFailure(made(t, 1)); !ok || failure.Code != job.CodeNoObject {
		t.Errorf("a transparent photo: %v", failure)
	}
}
