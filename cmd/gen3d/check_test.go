package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gen3d/cmd/gen3d/check"
)

// TestCheckAsAProgram runs the built program in a folder where nothing is
// installed and nobody is signed in.
func TestCheckAsAProgram(t *testing.T) {
	gen3d, folder := build(t), t.TempDir()
	settings := "config:\n  aws:region: us-east-1\n"
	if err := os.WriteFile(filepath.Join(folder, "Pulumi.dev.yaml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (int, string, string) {
		var stdout, stderr strings.Builder
		command := exec.Command(gen3d, args...)
		command.Dir, command.Stdout, command.Stderr = folder, &stdout, &stderr
		command.Env = []string{"HOME=" + folder, "PATH=" + folder, "AWS_EC2_METADATA_DISABLED=true"}
		_ = command.Run() // the status is returned
		return command.ProcessState.ExitCode(), stdout.String(), stderr.String()
	}
	status, stdout, stderr := run("check", "--stack", "dev")
	want := "ok   settings: Pulumi.dev.yaml is valid\nfix  credentials: there are no usable AWS credentials; sign in: aws sso login, or aws configure, then aws sts get-caller-identity\nfix  pulumi command: "
	if status != 1 || !strings.HasPrefix(stdout, want) || stderr != "gen3d: stack dev needs what the lines with fix say\n" {
		t.Errorf("the status is %d, stderr %q, stdout\n%s", status, stderr, stdout)
	}
	status, stdout, _ = run("check", "--stack", "dev", "--json")
	var findings []check.Finding
	if err := json.Unmarshal([]byte(stdout), &findings); err != nil || status != 1 {
		t.Fatalf("the status is %d, %v in\n%s", status, err, stdout)
	}
	if f := findings[0]; f != (check.Finding{Check: "settings", Status: check.OK, Message: "Pulumi.dev.yaml is valid"}) {
		t.Errorf("the first finding is %+v", f)
	}
	if status, _, stderr := run("check"); status != 2 || !strings.Contains(stderr, "--stack") {
		t.Errorf("without a stack the status is %d, stderr %q", status, stderr)
	}
}
