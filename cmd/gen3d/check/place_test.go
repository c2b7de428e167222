package check_test

import (
	"os"
	"path/filepath"
	"testing"

	"gen3d/tests/support/hubtest"
)

const token = "hf_secretToken"

// place is a checkout with a stack, its machine's programs, AWS and Hugging
// Face, in which nothing is wrong. A test changes one thing.
type place struct {
	folder   string
	settings string            // Pulumi.dev.yaml
	programs map[string]string // scripts by name
	cloud    *cloud
	hub      *hubtest.Hub
}

const validSettings = `config:
  aws:region: us-east-1
  gen3d:model.enabled: true
  gen3d:email.sender: noreply@example.com
  gen3d:email.admin: admin@example.com
  gen3d:notebook.enabled: true
  gen3d:huggingFaceToken:
    secure: v1:abcdef
`

// pulumiScript answers the commands that the checks run, and refuses others.
const pulumiScript = `#!/bin/sh
case "$*" in
version) echo v3.250.0 ;;
"whoami --non-interactive") echo someone ;;
"plugin ls --json") echo '[{"name":"aws","kind":"resource","version":"6.83.2"}]' ;;
"stack output --json --non-interactive --stack dev") echo '{"websiteUrl":"https://d1.cloudfront.net","userPoolId":"us-east-1_own"}' ;;
"config get gen3d:huggingFaceToken --stack dev --non-interactive") echo ` + token + ` ;;
*) echo "error: not allowed: $*" >&2; echo "$*" >>"${0%/programs/*}/refused"; exit 1 ;;
esac
`

// dockerScript answers docker info with a root folder, and runs buildx for docker
// buildx version.
func dockerScript(folder, buildx string) string {
	return `#!/bin/sh
case "$*" in
"buildx version") ` + buildx + ` ;;
info*) echo '{"ServerVersion":"29.0.0","DockerRootDir":"` + folder + `"}' ;;
*) echo "error: not allowed: $*" >&2; echo "$*" >>"${0%/programs/*}/refused"; exit 1 ;;
esac
`
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{folder: t.TempDir(), settings: validSettings, cloud: newCloud(), hub: hubtest.New(t)}
	p.programs = map[string]string{"pulumi": pulumiScript, "docker": dockerScript("/not/on/this/machine", "echo v0.30.0")}
	p.hub.Token, p.hub.Granted, p.hub.Gated["facebook/sam-3d-objects"] = token, true, true
	p.hub.Add("facebook/sam-3d-objects", hubtest.Pinned("facebook/sam-3d-objects"), hubtest.File{Path: "checkpoints/pipeline.yaml", Text: "a: b\n"})
	p.hub.Add("Ruicheng/moge-vitl", hubtest.Pinned("Ruicheng/moge-vitl"), hubtest.File{Path: "model.pt", Size: 100, LFS: true})
	p.hub.Add("facebook/sam2.1-hiera-large", hubtest.Pinned("facebook/sam2.1-hiera-large"), hubtest.File{Path: "sam2.1_hiera_large.pt", Size: 100, LFS: true})
	return p
}

// open writes the files and sets the environment.
func (p *place) open(t *testing.T) {
	t.Helper()
	programs := filepath.Join(p.folder, "programs")
	if err := os.Mkdir(programs, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, script := range p.programs {
		if err := os.WriteFile(filepath.Join(programs, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	modules := "require (\n\tgithub.com/pulumi/pulumi-aws/sdk/v6 v6.83.2\n)\n"
	for name, text := range map[string]string{"Pulumi.dev.yaml": p.settings, "go.mod": modules} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(p.folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", programs)
	t.Setenv("HF_ENDPOINT", p.hub.URL)
	t.Setenv("HF_TOKEN", "")
	p.cloud.serve(t)
}
