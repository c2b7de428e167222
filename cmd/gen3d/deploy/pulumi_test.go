package deploy

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gen3d/internal/stackoutput"
)

// pulumi runs the real command in a folder with the project gen3d.
type pulumi struct {
	t      *testing.T
	path   string
	folder string
}

// newPulumi skips the test where the command is not installed.
func newPulumi(t *testing.T, settings string) *pulumi {
	t.Helper()
	path, err := exec.LookPath("pulumi")
	if home, none := os.UserHomeDir(); err != nil && none == nil {
		path, err = exec.LookPath(filepath.Join(home, ".pulumi", "bin", "pulumi"))
	}
	if err != nil {
		t.Skip("there is no pulumi command: install it from https://www.pulumi.com/docs/install/")
	}
	p := &pulumi{t, path, t.TempDir()}
	for name, text := range map[string]string{"Pulumi.yaml": "name: gen3d\nruntime: go\n", "Pulumi.dev.yaml": settings} {
		if err := os.WriteFile(filepath.Join(p.folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{
		"PULUMI_HOME": t.TempDir(), "PULUMI_BACKEND_URL": "file://" + t.TempDir(), "PULUMI_CONFIG_PASSPHRASE": "test", "PULUMI_SKIP_UPDATE_CHECK": "true",
		"PATH": filepath.Dir(path) + ":" + os.Getenv("PATH"),
	} {
		t.Setenv(name, value)
	}
	return p
}

func (p *pulumi) run(args ...string) []byte {
	p.t.Helper()
	command := exec.Command(p.path, args...) // #nosec G204 -- arguments of this test
	command.Dir = p.folder
	out, err := command.Output()
	if err != nil {
		if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
			out = append(out, failed.Stderr...)
		}
		p.t.Fatalf("pulumi %v: %v\n%s", args, err, out)
	}
	return out
}

func (p *pulumi) settings() string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.folder, "Pulumi.dev.yaml"))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// TestPulumiReadsTheCopy asserts that the real command takes the settings from
// the copy, with the file's secrets, and leaves the file as it is.
func TestPulumiReadsTheCopy(t *testing.T) {
	p := newPulumi(t, "config:\n  gen3d:model.enabled: true\n")
	var into outputs
	if err := stackoutput.Read(t.Context(), p.folder, "dev", &into); !errors.Is(err, stackoutput.ErrNoStack) {
		t.Errorf("without the stack: %v", err)
	}
	p.run("stack", "select", "--create", "dev", "--non-interactive")
	p.run("config", "set", "--secret", "gen3d:huggingFaceToken", "hf_x", "--stack", "dev", "--non-interactive")
	if err := stackoutput.Read(t.Context(), p.folder, "dev", &into); err != nil || into.deployed() {
		t.Errorf("before the first up: %v, %+v", err, into)
	}
	before := p.settings()
	path, remove, err := withoutModel(p.folder, "dev")
	if err != nil {
		t.Fatal(err)
	}
	defer remove()
	var values map[string]struct{ Value string }
	for file, want := range map[string]string{path: "false", filepath.Join(p.folder, "Pulumi.dev.yaml"): "true"} {
		if err := json.Unmarshal(p.run("config", "--json", "--show-secrets", "--stack", "dev", "--non-interactive", "--config-file", file), &values); err != nil {
			t.Fatal(err)
		}
		if values["gen3d:model.enabled"].Value != want || values["gen3d:huggingFaceToken"].Value != "hf_x" {
			t.Errorf("with %s the settings are %v", file, values)
		}
	}
	if after := p.settings(); after != before {
		t.Errorf("the file is\n%s\nand was\n%s", after, before)
	}
}
