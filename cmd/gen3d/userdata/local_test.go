package userdata_test

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gen3d/cmd/gen3d/userdata"
	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/tests/support/command"
	"gen3d/tests/support/s3test"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

func run(t *testing.T, input string, args ...string) command.Result {
	t.Helper()
	return command.Run(t, &userdata.Commands{}, input, append(args, "--against", "local", "--s3-url", *s3test.Config().BaseEndpoint)...)
}

// active returns a user with a job, a photo without a job, and claims, and the
// number of the user's objects.
func active(t *testing.T) (user string, id job.ID, objects int) {
	t.Helper()
	user = s3test.User(t)
	id, err := job.NewID(time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b, ref := bucket.New(s3test.Client(nil), s3test.Bucket), job.Ref{User: user, Job: id}
	s3test.Put(t, ref.PhotoKey("cat", ".jpg"), "image/jpeg", nil, []byte("a photo"))
	s3test.Put(t, job.UsersPrefix+user+"/input/other.png", "image/png", nil, []byte("another"))
	m := job.NewManifest(ref, time.Now(), job.Source{Bucket: s3test.Bucket, Key: ref.PhotoKey("cat", ".jpg"), Name: "cat.jpg"}, nil, job.Options{Formats: job.AllFormats})
	if _, err := b.CreateManifest(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
	file, err := b.PutFile(t.Context(), ref, 1, job.FormatGLB, []byte("a mesh"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.CreateResult(t.Context(), ref, job.Result{Version: 1, Index: 1, Status: job.StatusSucceeded, Files: []job.File{file}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CreateNotice(t.Context(), ref, job.Notice{Version: 1, Holder: "h"}); err != nil {
		t.Fatal(err)
	}
	s3test.Put(t, job.ClaimsKey(user), "application/json", nil, []byte("{}"))
	return user, id, 7
}

func TestExportHasEverything(t *testing.T) {
	user, id, objects := active(t)
	to := t.TempDir()
	result := run(t, "", "export", user, "--to", to, "--json")
	var counts struct{ Jobs, Files int }
	if err := json.Unmarshal([]byte(result.Out), &counts); result.Failure != nil || err != nil || counts.Jobs != 1 || counts.Files != objects {
		t.Fatalf("%+v, %v", result, err)
	}
	of := filepath.Join(to, user, "jobs", string(id))
	for name, want := range map[string]string{
		filepath.Join(of, "photo.jpg"): "a photo", filepath.Join(of, "1/mesh.glb"): "a mesh", filepath.Join(of, "notified.json"): `"holder"`,
		filepath.Join(to, user, "input/other.png"): "another", filepath.Join(to, user, "pending/claims.json"): "{}",
	} {
		if data, err := os.ReadFile(name); err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s: %v, %q", name, err, data)
		}
	}
	if result := run(t, "", "export", user+"@example.com", "--to", to); result.Failure == nil || !strings.Contains(result.Failure.Error(), "has no user with the address") {
		t.Errorf("%v", result.Failure)
	}
}

func TestEraseLeavesNothing(t *testing.T) {
	user, _, objects := active(t)
	other, _, _ := active(t)
	if result := run(t, "no\n", "erase", user); result.Failure == nil || !strings.Contains(result.Err, "7 objects in 7 versions") {
		t.Errorf("not confirmed: %+v", result)
	}
	result := run(t, "yes\n", "erase", user)
	if result.Failure != nil || !strings.Contains(result.Out, "Deleted of user "+user+": 7 objects") {
		t.Errorf("%+v", result)
	}
	for _, prefix := range []string{job.UsersPrefix + user + "/", job.PendingUserPrefix(user)} {
		if left := s3test.Keys(t, prefix); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	}
	if kept := len(s3test.Keys(t, job.UsersPrefix+other+"/")) + len(s3test.Keys(t, job.PendingUserPrefix(other))); kept != objects {
		t.Errorf("another user has %d objects, not %d", kept, objects)
	}
	if result := run(t, "", "erase", user, "--yes"); result.Failure == nil || !strings.Contains(result.Failure.Error(), "there is nothing of user "+user) {
		t.Errorf("twice: %v", result.Failure)
	}
}
