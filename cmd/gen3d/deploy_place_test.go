package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/awsclient"
	"gen3d/internal/weights"
	"gen3d/local/objectstore"
	"gen3d/tests/support/hubtest"
	"gen3d/tests/support/s3test"
	"gen3d/tests/support/standin"
)

// deployPlace is a checkout with fake programs, a new AWS account, the local S3
// and a Hugging Face, in which a deployment succeeds.
type deployPlace struct {
	t       *testing.T
	program string // gen3d
	folder  string // the checkout
	state   string // folder of what the programs did and made
	account *awsAccount
	hub     *hubtest.Hub
	env     []string
}

const deploySettings = `# Committed.
config:
  aws:region: us-east-1
  gen3d:model.enabled: true
  gen3d:email.sender: noreply@example.com
  gen3d:email.admin: admin@example.com
`

// pulumiScript plays pulumi with a stack that does not exist yet. An up without
// the model needs the settings of a file in which it is off; one with it needs
// weights and image in place, which the Pulumi program refuses otherwise. A call
// waits, and is not noted, where the log of the deployment says that the step in
// the file hold is done.
const pulumiScript = `#!/bin/sh
S=%[1]s
hold() {
  [ -e $S/hold ] && grep -q "^\[$(cat $S/hold)/.*: done" $S/log && wait_for_release
  return 0
}
wait_for_release() {
  exec 3<>$S/release
  echo $$ >$S/holding
  read line <&3
}
note() { hold; echo "pulumi $*" >>$S/calls; }
case "$*" in
version) echo v3.999.0 ;;
"whoami --non-interactive") echo someone ;;
"plugin ls --json") echo '[]' ;;
"stack output --json --non-interactive --stack dev")
  hold
  [ -e $S/stack ] || { echo "error: no stack named 'dev' found" >&2; exit 6; }
  [ -e $S/up ] || { echo '{}'; exit; }
  config=; [ -e $S/endpoint ] && config=Config-dev-1
  sed "s/CONFIG/$config/" $S/outputs ;;
"config --json --non-interactive --stack dev") echo '{"gen3d:model.enabled":{"value":"true","secret":false}}' ;;
"stack select --create dev --non-interactive") note "$@"; : >$S/stack ;;
"preview --expect-no-changes --non-interactive --stack dev") [ -e $S/endpoint ] && [ ! -e $S/changed ] ;;
"up --yes --non-interactive --stack dev --config-file "*)
  note up without the model
  grep -q "^ *gen3d:model.enabled: false$" "$7" || { echo "error: the model is on in $7" >&2; exit 255; }
  [ -e $S/endpoint ] && { echo "error: the endpoint would be deleted" >&2; exit 255; }
  [ -e $S/slow ] && { trap 'echo interrupted >>$S/interrupts; exit 1' INT; wait_for_release; }
  : >$S/up ;;
"up --yes --non-interactive --stack dev")
  note up
  [ -e $S/pushed ] || { echo "error: there is no image" >&2; exit 255; }
  : >$S/up; : >$S/endpoint ;;
*) echo "error: not allowed: $*" >&2; echo "pulumi $*" >>$S/refused; exit 1 ;;
esac
`

const makeScript = `#!/bin/sh
S=%[1]s
[ "$*" = artifacts ] || { echo "make $*" >>$S/refused; exit 2; }
[ -e $S/hold ] && grep -q "^\[$(cat $S/hold)/.*: done" $S/log && { exec 3<>$S/release; echo $$ >$S/holding; read line <&3; }
echo "make artifacts" >>$S/calls
`

const deployDockerScript = `#!/bin/sh
S=%[1]s
case "$*" in
"buildx version") echo v0.30.0 ;;
"info --format {{json .}}") echo '{"ServerVersion":"29.0.0","DockerRootDir":"/not/on/this/machine"}' ;;
"login --username AWS --password-stdin 1.dkr.ecr.us-east-1.amazonaws.com") cat >/dev/null ;;
"buildx build --platform linux/amd64 "*) cat >/dev/null; echo "docker build" >>$S/calls; : >$S/pushed ;;
*) echo "docker $*" >>$S/refused; exit 1 ;;
esac
`

// newDeployPlace returns a place of the program gen3d.
func newDeployPlace(t *testing.T, gen3d string) *deployPlace {
	t.Helper()
	p := &deployPlace{t: t, program: gen3d, folder: t.TempDir(), state: t.TempDir(), hub: newHub(t)}
	p.account = newAWSAccount(t, p.state)
	programs := t.TempDir()
	for name, script := range map[string]string{"pulumi": pulumiScript, "make": makeScript, "docker": deployDockerScript} {
		p.write(programs, name, fmt.Sprintf(script, p.state), 0o700)
	}
	p.write(p.folder, "Pulumi.dev.yaml", deploySettings, 0o600)
	p.write(p.folder, "go.mod", "module x\n", 0o600)
	p.write(p.state, "calls", "", 0o600)
	outputs := standin.Outputs()
	outputs["modelBucket"], outputs["ecrRepositoryUrl"] = objectstore.ModelBucket, "1.dkr.ecr.us-east-1.amazonaws.com/gen3d"
	outputs["endpointConfigName"] = "CONFIG"
	text, err := json.Marshal(outputs)
	if err != nil {
		t.Fatal(err)
	}
	p.write(p.state, "outputs", string(text), 0o600)
	for _, command := range [][]string{{"git", "init", "--quiet"}, {"git", "add", "go.mod"}, {"mkfifo", filepath.Join(p.state, "release")}} {
		made := exec.Command(command[0], command[1:]...)
		made.Dir = p.folder
		if said, err := made.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, said)
		}
	}
	none := filepath.Join(p.state, "none")
	p.env = []string{
		"PATH=" + programs + ":" + os.Getenv("PATH"), "HOME=" + p.state, "TMPDIR=" + t.TempDir(), "HF_TOKEN=" + secret, "HF_ENDPOINT=" + p.hub.URL,
		"AWS_ENDPOINT_URL=" + p.account.url, "AWS_ENDPOINT_URL_S3=" + storeURL(), awsclient.PathStyleVariable + "=true",
		"AWS_ACCESS_KEY_ID=" + objectstore.AccessKey, "AWS_SECRET_ACCESS_KEY=" + objectstore.SecretKey,
		"AWS_CONFIG_FILE=" + none, "AWS_SHARED_CREDENTIALS_FILE=" + none, "AWS_EC2_METADATA_DISABLED=true",
	}
	return p
}

func (p *deployPlace) write(folder, name, text string, mode os.FileMode) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), mode); err != nil {
		p.t.Fatal(err)
	}
}

// deploying is a running gen3d deploy.
type deploying struct {
	*exec.Cmd
	ended chan struct{} // closed when it has ended
}

// said returns what it wrote to standard error, once it has ended.
func (d deploying) said() string { return d.Stderr.(*bytes.Buffer).String() }

// start starts gen3d deploy, which logs to the file log of the state.
func (p *deployPlace) start(args ...string) deploying {
	p.t.Helper()
	log, err := os.Create(filepath.Join(p.state, "log"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = log.Close() }() // the process has its own
	command := exec.Command(p.program, append([]string{"deploy", "--stack", "dev"}, args...)...)
	command.Dir, command.Env, command.Stdout, command.Stderr = p.folder, p.env, log, new(bytes.Buffer)
	if err := command.Start(); err != nil {
		p.t.Fatal(err)
	}
	started := deploying{command, make(chan struct{})}
	go func() {
		_ = command.Wait() // its status is in ProcessState
		close(started.ended)
	}()
	p.t.Cleanup(func() {
		_ = command.Process.Kill() // already ended after a successful test
		<-started.ended
	})
	return started
}

// untilHeld waits until a fake program waits, and returns its process ID.
func (p *deployPlace) untilHeld(process deploying) int {
	p.t.Helper()
	until(p.t, "a program waits", func() bool {
		select {
		case <-process.ended:
			p.t.Fatalf("the deployment has ended: %s\n%s", process.said(), p.read("log"))
		default:
		}
		return strings.HasSuffix(p.read("holding"), "\n")
	})
	pid, err := strconv.Atoi(strings.TrimSpace(p.read("holding")))
	if err != nil {
		p.t.Fatal(err)
	}
	return pid
}

// deploy runs gen3d deploy to its end, and checks that it changed no settings,
// ran no other command than the known ones, and printed no secret.
func (p *deployPlace) deploy(args ...string) (status int, stdout, stderr string) {
	p.t.Helper()
	command := p.start(args...)
	<-command.ended
	stdout, stderr = p.read("log"), command.said()
	p.unchanged()
	if strings.Contains(stdout+stderr, secret) || strings.Contains(stdout+stderr, "registry-secret") {
		p.t.Errorf("a secret is printed:\n%s%s", stdout, stderr)
	}
	return command.ProcessState.ExitCode(), stdout, stderr
}

// unchanged checks the settings, the temporary files and the programs' refusals.
func (p *deployPlace) unchanged() {
	p.t.Helper()
	if text := read(p.t, p.folder, "Pulumi.dev.yaml"); text != deploySettings {
		p.t.Errorf("the settings are changed:\n%s", text)
	}
	if refused := p.read("refused"); refused != "" {
		p.t.Errorf("programs refused\n%s", refused)
	}
}

func (p *deployPlace) read(name string) string {
	p.t.Helper()
	return read(p.t, p.state, name)
}

// calls returns what changed something since the last call.
func (p *deployPlace) calls() []string {
	p.t.Helper()
	found := strings.Split(strings.TrimSpace(p.read("calls")), "\n")
	if found[0] == "" {
		found = nil
	}
	p.write(p.state, "calls", "", 0o600)
	return found
}

// hasWeights reports whether the bucket has all weights.
func (p *deployPlace) hasWeights() bool {
	p.t.Helper()
	_, err := s3test.Client(nil).HeadObject(p.t.Context(), &s3.HeadObjectInput{Bucket: aws.String(objectstore.ModelBucket), Key: aws.String(weights.RecordKey)})
	return err == nil
}
