package bucket_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

func TestTheFirstFileOfASceneStands(t *testing.T) {
	b := open()
	ref := job.Ref{User: s3test.User(t), Job: newID(t, time.Now())}
	for _, content := range []string{"first", "another"} {
		if err := b.CreateSceneFile(t.Context(), ref, job.FormatGLB, strings.NewReader(content), int64(len(content))); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := get(t, ref.SceneFileKey(job.FormatGLB)); got != "first" {
		t.Errorf("the file is %q", got)
	}
	first := &job.Scene{Version: job.Version, Status: job.StatusSucceeded, Objects: []int{1, 2}}
	for i, want := range []bool{true, false} {
		if created, err := b.CreateScene(t.Context(), ref, first); err != nil || created != want {
			t.Errorf("write %d: created is %v, error %v", i, created, err)
		}
		first.Status = job.StatusFailed
	}
	if got, err := b.Scene(t.Context(), ref); err != nil || got.Status != job.StatusSucceeded {
		t.Errorf("the scene is %+v, %v", got, err)
	}
}

func TestAPartIsOfTheFileThatTheResultDescribes(t *testing.T) {
	b := open()
	ref := job.Ref{User: s3test.User(t), Job: newID(t, time.Now())}
	file, err := b.PutFile(t.Context(), ref, 1, job.FormatGLB, []byte("0123456789"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Part(t.Context(), file, 3, 4)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(r); err != nil || string(data) != "3456" {
		t.Errorf("the part is %q, %v", data, err)
	}
	_ = r.Close()
	for name, changed := range map[string]job.File{
		"another size": {Key: file.Key, Bytes: 11}, "no file": {Key: file.Key + "x", Bytes: 10},
	} {
		if r, err := b.Part(t.Context(), changed, 0, 4); err == nil {
			_ = r.Close()
			t.Errorf("%s: a part was opened", name)
		}
	}
}
