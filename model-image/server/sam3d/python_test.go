package sam3d_test

import (
	"errors"
	"image"
	"image/color"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/model-image/server"
	"gen3d/model-image/server/sam3d"
	"gen3d/tests/support/double"
	"gen3d/tests/support/transcript"
)

// disc returns a photo of a dark disc on a light background.
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

func TestObjectsOfAPhotoShareItsFeatures(t *testing.T) {
	worker, log := double.New(t), &transcript.Log{}
	work := filepath.Join(t.TempDir(), "work")
	b := sam3d.New(sam3d.Config{
		Command: []string{worker.Python, "-m", "worker"}, Exporter: []string{worker.Python, "-m", "worker.exporter"}, ExportPlaces: 2,
		Directory: worker.Directory, Environment: append(worker.Variables, "DOUBLE_WORK="+work),
		Weights: worker.Model, DINOv2: worker.DINOv2, Scratch: t.TempDir(), SetupTimeout: 5 * time.Minute, Backoff: time.Millisecond,
		Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	t.Cleanup(b.Close)
	if err := b.Setup(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if !strings.Contains(log.String(), "warmUp") {
		t.Errorf("the log does not say how long the parts of the set-up took:\n%s", log)
	}
	if err := os.Remove(work); err != nil { // of the set-up
		t.Fatal(err)
	}
	for i, id := range []string{"a", "a", "b", "", ""} {
		if _, err := b.Reconstruct(t.Context(), server.Input{
			Photo: disc(), PhotoID: id, Object: job.Object{Index: i + 1, Box: &job.Box{30, 20, 130, 100}},
			Formats: []job.Format{job.FormatPLY}, Quality: job.QualityStandard, Stage: func(job.Stage) {}, Next: func() {},
		}); err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
	}
	done, err := os.ReadFile(work)
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"sam2 features\n", "moge points\n"} {
		if n := strings.Count(string(done), what); n != 4 {
			t.Errorf("five objects, two of them of the same known photo, needed %d times %q", n, what)
		}
	}
}

func TestPythonWorkerWithTheModelDouble(t *testing.T) {
	worker, log := double.New(t), &transcript.Log{}
	steps := filepath.Join(t.TempDir(), "steps")
	b := sam3d.New(sam3d.Config{
		Command: []string{worker.Python, "-m", "worker"}, Exporter: []string{worker.Python, "-m", "worker.exporter"}, ExportPlaces: 2,
		Directory: worker.Directory, Environment: append(worker.Variables, "DOUBLE_SAMPLER_LOG="+steps), DistilledSteps: 4,
		Weights: worker.Model, DINOv2: worker.DINOv2, Scratch: t.TempDir(), SetupTimeout: 5 * time.Minute,
		MinimumGPUBytes: 30 << 30, Backoff: time.Millisecond,
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	t.Cleanup(b.Close)
	if err := b.Setup(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if err := os.Remove(steps); err != nil { // of the set-up
		t.Fatal(err)
	}
	in := server.Input{
		Photo: disc(), Object: job.Object{Index: 1, Label: "Kätzchen", Box: &job.Box{30, 20, 130, 100}},
		Formats: job.AllFormats, Quality: job.QualityHigh, Stage: func(job.Stage) {}, Next: func() {},
	}
	reconstruct := func(t *testing.T, seed uint32) error {
		in.Seed = seed
		out, err := b.Reconstruct(t.Context(), in)
		if err == nil {
			if glb := out.Files[job.FormatGLB]; string(glb[:4]) != "glTF" || !strings.Contains(string(glb[:2000]), "Kätzchen") {
				t.Errorf("the GLB begins with %q", glb[:40])
			}
			if preview := out.Files[job.FormatPreview]; string(preview[8:12]) != "WEBP" {
				t.Errorf("the preview begins with %q", preview[:12])
			}
			if out.Mesh.Vertices != 642 || out.Mesh.Bounds[1][1] != 0.5 || out.Pose == nil {
				t.Errorf("the mesh is %+v, the pose %+v", out.Mesh, out.Pose)
			}
		}
		return err
	}
	if err := reconstruct(t, 1); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if sampled, err := os.ReadFile(steps); string(sampled) != "ss_generator 4 distilled\nslat_generator 50\n" {
		t.Errorf("sampled is %q (%v)", sampled, err)
	}
	if err := reconstruct(t, double.SeedNoisy); err != nil {
		t.Errorf("a noisy library: %v", err)
	}
	if err := reconstruct(t, double.SeedMemory); !errors.Is(err, server.ErrOutOfMemory) {
		t.Errorf("out of memory: %v", err)
	}
	for _, seed := range []uint32{double.SeedKilled, double.SeedBroken} {
		if err := reconstruct(t, seed); err == nil {
			t.Errorf("seed %d: no error", seed)
		}
		if err := reconstruct(t, 1); err != nil {
			t.Errorf("after seed %d: %v", seed, err)
		}
	}
	transparent := disc()
	for i := 3; i < len(transparent.Pix); i += 4 {
		transparent.Pix[i] = 0
	}
	in.Photo = transparent
	if failure, ok := job.AsFailure(reconstruct(t, 1)); !ok || failure.Code != job.CodeNoObject {
		t.Errorf("a transparent photo: %v", failure)
	}
}
