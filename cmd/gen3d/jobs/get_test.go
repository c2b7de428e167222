package jobs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

func TestGetDownloadsAJobAndContinues(t *testing.T) {
	m := submitted(t, s3test.User(t), time.Now(), "cat", "dog")
	succeed(t, m, 1)
	fail(t, m, 2, job.CodeTimedOut)
	to := t.TempDir()
	folder := filepath.Join(to, string(m.JobID))
	if text := pass(t, "get", string(m.JobID), "--to", to); !strings.Contains(text, "5 files in "+folder) || !strings.Contains(text, "5 fetched") {
		t.Errorf("printed %s", text)
	}
	for name, want := range map[string]string{"photo.jpg": "a photo", "1/mesh.glb": "a mesh", "job.json": `"Mum's cat.jpg"`, "2.result.json": `"timed_out"`} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s: %v, %q", name, err, data)
		}
	}
	// One is gone, one has another content of the same size, one was not
	// complete.
	for name, content := range map[string]string{"photo.jpg": "a phot0", "1/mesh.glb.part": "a m"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(folder, "1/mesh.glb")); err != nil {
		t.Fatal(err)
	}
	if text := pass(t, "get", string(m.JobID), "--to", to); !strings.Contains(text, "2 fetched") || !strings.Contains(text, "3 were there") {
		t.Errorf("printed %s", text)
	}
	if data, err := os.ReadFile(filepath.Join(folder, "photo.jpg")); err != nil || string(data) != "a photo" {
		t.Errorf("the photo is %q, %v", data, err)
	}
	if _, err := os.Stat(filepath.Join(folder, "1/mesh.glb.part")); !os.IsNotExist(err) {
		t.Errorf("a part is left: %v", err)
	}
}

func TestGetFindsADamagedObject(t *testing.T) {
	m := submitted(t, s3test.User(t), time.Now(), "cat")
	succeed(t, m, 1)
	s3test.Put(t, m.Ref().FileKey(1, job.FormatGLB), "model/gltf-binary", nil, []byte("a mess"))
	result := run(t, "", "get", string(m.JobID), "--to", t.TempDir())
	if result.Failure == nil || !strings.Contains(result.Failure.Error(), "SHA-256 is not the one in the result document") {
		t.Errorf("%v", result.Failure)
	}
}
