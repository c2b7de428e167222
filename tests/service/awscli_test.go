package service_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// awsCLI returns the path of the AWS CLI: the tests' or the machine's.
func awsCLI(t *testing.T) string {
	t.Helper()
	own, err := filepath.Abs("../../.venv/bin/aws")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(own); err == nil {
		return own
	}
	found, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("no AWS CLI here: make .venv/ready installs one")
	}
	return found
}

// A photo is copied in, and its results are listed.
func TestTheAWSCLICopiesAPhotoInAndListsItsMeshes(t *testing.T) {
	aws := awsCLI(t)
	s := start(t, t.TempDir())
	run := func(args ...string) string {
		command := exec.CommandContext(t.Context(), aws, append([]string{"--endpoint-url", s.s3URL, "s3"}, args...)...)
		command.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=gen3dlocal", "AWS_SECRET_ACCESS_KEY=gen3dlocalsecret", "AWS_DEFAULT_REGION=us-east-1")
		output, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("aws s3 %s: %v\n%s", strings.Join(args, " "), err, output)
		}
		return string(output)
	}
	run("cp", "../../testdata/photos/coffee.jpg", "s3://"+dataBucket+"/users/testuser001/input/",
		"--metadata", `{"objects": "75,15,482,390,saucer;250,60,420,330,cup", "seed": "7", "formats": "glb,ply"}`)
	if m := s.mailTo("testuser001@example.com", "coffee.jpg"); !strings.Contains(m.Text, "saucer") {
		t.Errorf("the mail to %v:\n%s", m.To, m.Text)
	}
	listing := run("ls", "--recursive", "s3://"+dataBucket+"/users/testuser001/output/")
	for _, name := range []string{"1/mesh.glb", "1/mesh.ply", "2/mesh.glb", "2/mesh.ply"} {
		if !strings.Contains(listing, name) {
			t.Errorf("no %s in\n%s", name, listing)
		}
	}
	if strings.Contains(listing, "splat.ply") {
		t.Errorf("a splat, which was not asked for, in\n%s", listing)
	}
}
