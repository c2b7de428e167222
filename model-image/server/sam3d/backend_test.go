package sam3d_test

import (
	"errors"
	"fmt"
	"image"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/internal/telemetry"
	"gen3d/model-image/server"
	"gen3d/model-image/server/mask"
	"gen3d/model-image/server/sam3d"
	"gen3d/tests/support/transcript"
)

// figures records metrics by name.
type figures struct {
	mu     sync.Mutex
	values map[string]float64 // last values
	counts map[string]int
}

// times returns how often the metric has been emitted.
func (f *figures) times(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[name]
}

func (f *figures) Emit(_ map[string]any, metrics ...telemetry.Metric) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range metrics {
		f.values[m.Name] = m.Value
		f.counts[m.Name]++
	}
}

// open returns a backend with the scripted worker, before Setup.
func open(t *testing.T, script string) (*sam3d.Backend, *transcript.Log, *figures) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log, metrics := &transcript.Log{}, &figures{values: map[string]float64{}, counts: map[string]int{}}
	b := sam3d.New(sam3d.Config{
		Command: []string{program}, Exporter: []string{program}, ExportPlaces: 2, Environment: []string{scriptVariable + "=" + script},
		Weights: "/opt/ml/model", Scratch: t.TempDir(), SetupTimeout: time.Minute, Backoff: time.Millisecond,
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), Metrics: metrics,
	})
	t.Cleanup(b.Close)
	return b, log, metrics
}

func running(t *testing.T) *sam3d.Backend {
	t.Helper()
	b, _, _ := open(t, "plain")
	if err := b.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// object returns an input. Its label selects the behavior of the scripted
// worker.
func object(label string) server.Input {
	return server.Input{
		Photo: image.NewNRGBA(image.Rect(0, 0, 40, 30)), Object: job.Object{Index: 1, Label: label, Box: &job.Box{1, 2, 30, 20}},
		Seed: 4294967295, Formats: []job.Format{job.FormatGLB, job.FormatSplat}, Quality: job.QualityDraft, Faces: 9000,
		Stage: func(job.Stage) {}, Next: func() {},
	}
}

func TestReconstructReturnsTheWorkersFiles(t *testing.T) {
	b, log, metrics := open(t, "plain")
	if err := b.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	in := object("cup")
	in.Photo = in.Photo.SubImage(image.Rect(0, 0, 20, 30)).(*image.NRGBA) // with padding
	in.Object.Points = []job.Point{{X: 3, Y: 4, Inside: true}}
	var stages []job.Stage
	in.Stage = func(s job.Stage) { stages = append(stages, s) }
	out, err := b.Reconstruct(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []job.Format{job.FormatGLB, job.FormatSplat, job.FormatPreview, job.FormatMask} {
		want := fmt.Sprintf("%s of %d bytes, box [1 2 30 20], seed 4.294967295e+09, quality draft, faces 9000, points [map[inside:true x:3 y:4]], mask false", format, 20*30*4)
		if string(out.Files[format]) != want {
			t.Errorf("%s is %q, want %q", format, out.Files[format], want)
		}
	}
	if out.Mesh.Faces != 12 || out.Mesh.Bounds != [2][3]float64{{-0.5, -0.5, -0.5}, {0.5, 0.5, 0.5}} {
		t.Errorf("the mesh is %+v", out.Mesh)
	}
	if m := out.Mask; m == nil || m.Source != job.MaskSegmenter || m.Share != 0.5 || m.Score == nil || *m.Score != 0.9 {
		t.Errorf("the mask is %+v", m)
	}
	if out.Pose == nil || out.Pose.Translation != [3]float64{1, 2, 3} || out.Pose.Camera == nil || out.Pose.Camera.YFov != 0.75 {
		t.Errorf("the pose is %+v", out.Pose)
	}
	if fmt.Sprint(stages) != "[reconstruct reconstruct export]" {
		t.Errorf("the stages are %v", stages)
	}
	if metrics.values["DepthMs"] != 3 || metrics.values["GpuPeakBytes"] != 7 {
		t.Errorf("the metrics are %v", metrics.values)
	}
	if !strings.Contains(log.String(), `level=WARN msg="worker: trying again"`) {
		t.Errorf("the worker's warning is not in the log:\n%s", log)
	}
}

func TestMaskIsSentToTheWorker(t *testing.T) {
	b := running(t)
	in := object("cup")
	in.Mask = mask.Full(image.Rect(5, 5, 90, 90)) // beyond the photo
	out, err := b.Reconstruct(t.Context(), in)
	if err != nil || !strings.HasSuffix(string(out.Files[job.FormatGLB]), "mask true") {
		t.Errorf("%v, %v", out, err)
	}
	in.Mask = &mask.Mask{}
	if _, err := b.Reconstruct(t.Context(), in); err == nil {
		t.Error("an empty mask was accepted")
	}
}

func TestFailureCodes(t *testing.T) {
	b := running(t)
	_, err := b.Reconstruct(t.Context(), object("not-found"))
	if failure, ok := job.AsFailure(err); !ok || failure.Code != job.CodeNoObject || !strings.HasPrefix(failure.Message, "No object stands out") {
		t.Errorf("no object: %v", err)
	}
	if _, err := b.Reconstruct(t.Context(), object("memory")); !errors.Is(err, server.ErrOutOfMemory) {
		t.Errorf("out of memory: %v", err)
	}
	for _, label := range []string{"short", "elsewhere", "exported-elsewhere", "nothing"} {
		if out, err := b.Reconstruct(t.Context(), object(label)); err == nil {
			t.Errorf("%s: %v", label, out)
		}
	}
	serves(t, b)
}

func TestSetupErrors(t *testing.T) {
	for script, want := range map[string]string{
		"no-weights": "/opt/ml/model lacks moge/model.pt; push the weights.",
		"crashes":    "exit status 1; last output: Traceback: no module named torch",
		"version":    "uses protocol version 3", "early": "instead of ready",
	} {
		t.Run(script, func(t *testing.T) {
			b, _, _ := open(t, script)
			if err := b.Setup(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the error is %v, want %q", err, want)
			}
		})
	}
	missing := sam3d.New(sam3d.Config{Command: []string{"/nowhere/python3"}, Scratch: t.TempDir(), SetupTimeout: time.Minute, Log: slog.New(slog.DiscardHandler)})
	if err := missing.Setup(t.Context()); err == nil || !strings.Contains(err.Error(), "/nowhere/python3") {
		t.Errorf("the error is %v", err)
	}
	missing.Close()
}

func TestSetupTimeout(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b := sam3d.New(sam3d.Config{
		Command: []string{program}, Environment: []string{scriptVariable + "=hangs"}, Scratch: t.TempDir(),
		SetupTimeout: 300 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
	})
	defer b.Close()
	if err := b.Setup(t.Context()); err == nil || !strings.Contains(err.Error(), "not loaded the model within 300ms") {
		t.Errorf("the error is %v", err)
	}
}

func TestCloseStopsTheWorker(t *testing.T) {
	b, log, _ := open(t, "plain")
	if err := b.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	serves(t, b)
	processes := []int{pid(t, log), newest(t, log, "exporter started")}
	b.Close()
	b.Close()
	for _, process := range processes {
		if err := syscall.Kill(process, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d still runs: %v", process, err)
		}
	}
	if _, err := b.Reconstruct(t.Context(), object("cup")); err == nil {
		t.Error("a closed backend accepts objects")
	}
}

func TestObjectFoldersAreDeleted(t *testing.T) {
	scratch := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b := sam3d.New(sam3d.Config{
		Command: []string{program}, Exporter: []string{program}, Environment: []string{scriptVariable + "=plain"}, Scratch: scratch,
		SetupTimeout: time.Minute, Log: slog.New(slog.DiscardHandler),
	})
	defer b.Close()
	if err := b.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, label := range []string{"cup", "killed", "not-found", "short", "export-killed", "export-fails"} {
		_, _ = b.Reconstruct(t.Context(), object(label))
	}
	left, err := filepath.Glob(filepath.Join(scratch, "*", "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
