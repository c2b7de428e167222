package functions_test

import (
	"bytes"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/model-image/server/mesh"
	"gen3d/tests/support/s3test"
)

// place writes object n's files and its result with a place in the photo, as the
// model server does.
func (w *world) place(ref job.Ref, n int) {
	w.Helper()
	made := &mesh.Mesh{
		Positions: []mesh.Vec3{{-0.5, 0, 0}, {0.5, 0, 0}, {0, 0.4, 0}, {0, 0, 0.3}},
		Triangles: [][3]uint32{{0, 2, 1}, {0, 1, 3}, {0, 3, 2}, {1, 2, 3}},
		Colors:    make([][4]uint8, 4),
	}
	result := job.Result{
		Version: job.Version, Index: n, Status: job.StatusSucceeded, Backend: job.BackendRelief, FinishedAt: time.Now().UTC(),
		Pose: &job.Pose{Rotation: [4]float64{0, 0, 1, 0}, Translation: [3]float64{float64(n), 0, 1}, Scale: [3]float64{1, 1, 1}},
	}
	var glb, splat bytes.Buffer
	if err := made.WriteGLB(&glb, mesh.Origin{Backend: "relief"}); err != nil {
		w.Fatal(err)
	}
	if err := made.WriteSplat(&splat, mesh.Origin{Backend: "relief"}, mesh.SplatOptions{}); err != nil {
		w.Fatal(err)
	}
	for format, content := range map[job.Format][]byte{job.FormatGLB: glb.Bytes(), job.FormatSplat: splat.Bytes()} {
		file, err := documents().PutFile(w.Context(), ref, n, format, content)
		if err != nil {
			w.Fatal(err)
		}
		result.Files = append(result.Files, file)
	}
	if _, err := documents().CreateResult(w.Context(), ref, result); err != nil {
		w.Fatal(err)
	}
}

// The function's role must have what the scene needs.
func TestLastResultMakesTheScene(t *testing.T) {
	w := newWorld(t)
	f := w.start("notify")
	ref := w.queued(2)
	w.place(ref, 1)
	w.place(ref, 2)
	for range 2 {
		f.handle(created(t, ref.ResultKey(2)))
	}
	scene := s3test.Document[job.Scene](t, ref.SceneKey())
	if scene.Status != job.StatusSucceeded || len(scene.Objects) != 2 || len(scene.Files) != 2 {
		t.Fatalf("the scene is %+v with %+v", scene, scene.Error)
	}
	for _, file := range scene.Files {
		if data, ok := s3test.Get(t, ref.SceneFileKey(file.Format)); !ok || int64(len(data)) != file.Bytes {
			t.Errorf("the file %s has %d bytes, not %d", file.Format, len(data), file.Bytes)
		}
	}
	w.wantMails("Your 3D Mesh is Ready!", "The whole scene", "scene.glb", "scene.ply")
}
