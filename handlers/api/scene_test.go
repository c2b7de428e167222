package api_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// sceneJob returns a finished job of three objects, of which two were made.
func (w *world) sceneJob() *job.Manifest {
	w.t.Helper()
	id := newID(w.t, time.Now())
	m := w.manifest(id, w.ref(id).PhotoKey("x", ".jpg"), "my desk.jpg", job.Selection{}, job.Selection{}, job.Selection{})
	w.succeed(m, 1, nil)
	w.succeed(m, 3, nil)
	if _, err := w.bucket.CreateResult(w.t.Context(), m.Ref(), job.FailedResult(2, job.Failure{Code: job.CodeNoObject, Message: "None."}, time.Now())); err != nil {
		w.t.Fatal(err)
	}
	return m
}

// store writes a scene and its files.
func (w *world) store(m *job.Manifest, scene *job.Scene, formats ...job.Format) {
	w.t.Helper()
	for _, format := range formats {
		content := "scene of " + string(format)
		if err := w.bucket.CreateSceneFile(w.t.Context(), m.Ref(), format, io.NewSectionReader(strings.NewReader(content), 0, int64(len(content))), int64(len(content))); err != nil {
			w.t.Fatal(err)
		}
		scene.Files = append(scene.Files, job.SceneFile{Format: format, Bytes: int64(len(content))})
	}
	if created, err := w.bucket.CreateScene(w.t.Context(), m.Ref(), scene); err != nil || !created {
		w.t.Fatalf("the scene was written: %v, %v", created, err)
	}
}

func (w *world) sceneOf(m *job.Manifest) *sceneDetail {
	w.t.Helper()
	return read[jobDetail](w.t, w.get("/api/jobs/"+string(m.JobID)), http.StatusOK).Scene
}

func TestSceneIsListedWithItsLinks(t *testing.T) {
	w := newWorld(t)
	m := w.sceneJob()
	if making := w.sceneOf(m); making == nil || making.State != "making" || len(making.Files) > 0 {
		t.Errorf("before Notify made it, the scene is %+v", making)
	}
	w.store(m, &job.Scene{Version: 1, Status: job.StatusSucceeded, Objects: []int{1}, Unplaced: []int{3}}, job.FormatGLB, job.FormatSplat)
	made := w.sceneOf(m)
	if made == nil || made.State != "succeeded" || made.Error != nil || !slices.Equal(made.Objects, []int{1}) || !slices.Equal(made.Unplaced, []int{3}) {
		t.Fatalf("the scene is %+v", made)
	}
	var names []string
	for _, f := range made.Files {
		response, body := fetch(t, f.URL)
		if body != "scene of "+string(f.Format) || int64(len(body)) != f.Bytes || !strings.HasPrefix(response.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s comes as %q, %v", f.Name, body, response.Header)
		}
		names = append(names, f.Name)
	}
	if want := []string{"my desk-scene.glb", "my desk-scene-splat.ply"}; !slices.Equal(names, want) {
		t.Errorf("the names are %q", names)
	}
	if _, body := fetch(t, made.Files[1].ViewURL); body != "scene of splat" {
		t.Errorf("the viewer's link of the splat gives %q", body)
	}
	response, body := fetch(t, made.Files[0].ViewURL)
	if body != "scene of glb" || response.Header.Get("Content-Disposition") != "inline" || response.Header.Get("Content-Type") != "model/gltf-binary" {
		t.Errorf("the viewer's link gives %q, %v", body, response.Header)
	}
	if a := w.send(w.user, "DELETE", "/api/jobs/"+string(m.JobID), "", nil); a.StatusCode != http.StatusNoContent {
		t.Fatalf("deleting answers %d %s", a.StatusCode, a.body)
	}
	if keys := s3test.Keys(t, m.Ref().OutputPrefix()); len(keys) > 0 {
		t.Errorf("the deletion leaves %v", keys)
	}
}

func TestFailedSceneSaysWhyAndKeepsItsFiles(t *testing.T) {
	w := newWorld(t)
	m := w.sceneJob()
	why := job.Invalid(job.CodeTimedOut, "It took too long.")
	w.store(m, &job.Scene{Version: 1, Status: job.StatusFailed, Error: why, Objects: []int{1, 3}}, job.FormatGLB)
	made := w.sceneOf(m)
	if made == nil || made.State != "failed" || made.Error == nil || *made.Error != *why || len(made.Files) != 1 {
		t.Errorf("the scene is %+v", made)
	}
}

func TestJobsWithoutASceneHaveNone(t *testing.T) {
	w := newWorld(t)
	// Finished before there were scenes.
	old := w.sceneJob()
	sent := job.Notice{Version: 1, SentAt: time.Now().UTC(), Summary: job.Summary{State: job.StatePartial}}
	if _, err := w.bucket.CreateNotice(t.Context(), old.Ref(), sent); err != nil {
		t.Fatal(err)
	}
	single := newID(t, time.Now())
	one := w.manifest(single, w.ref(single).PhotoKey("x", ".jpg"), "x.jpg")
	w.succeed(one, 1, nil)
	running := newID(t, time.Now())
	some := w.manifest(running, w.ref(running).PhotoKey("x", ".jpg"), "x.jpg", job.Selection{}, job.Selection{}, job.Selection{})
	w.succeed(some, 1, nil)
	w.succeed(some, 2, nil)
	for name, m := range map[string]*job.Manifest{"an old job": old, "a job of one object": one, "an unfinished job": some} {
		if made := w.sceneOf(m); made != nil {
			t.Errorf("%s has the scene %+v", name, made)
		}
	}
}

// scene.json must not lead to other keys: it names formats only.
func TestSceneOfAnUnknownFormatIsNotLinked(t *testing.T) {
	w := newWorld(t)
	m := w.sceneJob()
	if _, err := w.bucket.CreateScene(t.Context(), m.Ref(), &job.Scene{
		Version: 1, Status: job.StatusSucceeded, Objects: []int{1, 3},
		Files: []job.SceneFile{{Format: "../../x", Bytes: 1}, {Format: job.FormatPreview, Bytes: 1}},
	}); err != nil {
		t.Fatal(err)
	}
	if made := w.sceneOf(m); made == nil || len(made.Files) != 0 {
		t.Errorf("the scene is %+v", made)
	}
}
