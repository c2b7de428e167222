package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// everything is what a deployment of a new account changes, in order.
var everything = []string{"make artifacts", "pulumi stack select --create dev --non-interactive", "pulumi up without the model", "docker build", "pulumi up"}

// TestDeploy runs the built program.
func TestDeploy(t *testing.T) {
	gen3d := build(t)
	for name, test := range map[string]func(*testing.T, string){
		"a new account": deployANewAccount, "goes on after a kill": deployAfterAKill, "keeps a live endpoint": deployWithALiveEndpoint,
		"does not build an image that is there": deployWithTheImage, "stops where the check fails": deployAgainstTheCheck,
		"interrupts pulumi once": deployInterrupted, "smoke is last": deploySmoke,
	} {
		t.Run(name, func(t *testing.T) { test(t, gen3d) })
	}
}

func deployANewAccount(t *testing.T, gen3d string) {
	p := newDeployPlace(t, gen3d)
	status, stdout, stderr := p.deploy("--dry-run", "--users", "ann@example.com")
	if status != 0 || len(p.calls()) > 0 || p.hasWeights() || len(p.account.names()) > 0 {
		t.Fatalf("the dry run ends with %d and changed something: %s\n%s", status, stderr, stdout)
	}
	for _, want := range []string{
		"1 check                 done   gen3d check --stack dev\n",
		"4 up without the model  to do  pulumi up --yes --non-interactive --stack dev --config-file (a copy of Pulumi.dev.yaml with gen3d:model.enabled false)\n",
		"5 weights               to do  gen3d weights push --stack dev\n",
		"9 users                 to do  gen3d users add ann@example.com --stack dev\n",
		"10 smoke                to do  gen3d smoke --stack dev\n",
		"4 up without the model: the stack does not exist yet\n",
		"The GPU: ml.g6e.xlarge (L40S), about $2.61 an hour",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no line %q in\n%s", want, stdout)
		}
	}
	t.Logf("the dry run prints\n%s", stdout)

	status, stdout, stderr = p.deploy("--skip-smoke")
	if status != 1 || len(p.calls()) > 0 || !strings.Contains(stderr, "give --yes") {
		t.Errorf("without a terminal and --yes: %d, %s\n%s", status, stderr, stdout)
	}

	status, stdout, stderr = p.deploy("--skip-smoke", "--yes", "--users", "ann@example.com,bob@example.com")
	if names := p.account.names(); !slices.Equal(names, []string{"ann@example.com", "bob@example.com"}) {
		t.Errorf("the users are %q", names)
	}
	if calls := p.calls(); status != 0 || !slices.Equal(calls, everything) || !p.hasWeights() {
		t.Errorf("the status is %d, the calls are %q, %s\n%s", status, calls, stderr, stdout)
	}
	for _, want := range []string{"[5/10] weights: gen3d weights push --stack dev (3 files", "[5/10] weights: done in ", "All weights are in s3://gen3d-local-model/", "Stack dev is deployed.\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	if strings.Contains(stdout, "Next: ") {
		t.Errorf("a command for what was done is proposed:\n%s", stdout)
	}

	// A second time there is only what runs each time; links of AWS's mails that
	// have not been followed yet do not stop it.
	status, stdout, stderr = p.deploy("--skip-smoke", "--yes", "--json", "--users", "ann@example.com")
	var summary struct {
		Steps []struct {
			Step, Status string
			Ran          bool
		}
	}
	if err := json.Unmarshal([]byte(stdout), &summary); err != nil || status != 0 {
		t.Fatalf("%v, status %d, %s\n%s", err, status, stderr, stdout)
	}
	var ran []string
	for _, s := range summary.Steps {
		if s.Ran {
			ran = append(ran, s.Step)
		}
	}
	if calls := p.calls(); !slices.Equal(calls, everything[:1]) || !slices.Equal(ran, []string{"check", "build", "endpoint"}) {
		t.Errorf("again: ran %q with the calls %q\n%s", ran, calls, stderr)
	}

	// Changed settings are deployed, with the endpoint live.
	p.write(p.state, "changed", "", 0o600)
	status, stdout, stderr = p.deploy("--skip-smoke", "--yes")
	if calls := p.calls(); status != 0 || !slices.Equal(calls, []string{"make artifacts", "pulumi up"}) {
		t.Errorf("after a change: %d, the calls are %q, %s\n%s", status, calls, stderr, stdout)
	}
}

func deployAfterAKill(t *testing.T, gen3d string) {
	// After each step, and what is left to change.
	for after, left := range map[string][]string{
		"1": everything, "2": everything, "3": {everything[0], everything[2], everything[3], everything[4]},
		"4": {everything[0], everything[3], everything[4]}, "5": {everything[0], everything[3], everything[4]},
		"6": {everything[0], everything[4]}, "7": {everything[0]}, "8": {everything[0]},
	} {
		t.Run("step "+after, func(t *testing.T) {
			p := newDeployPlace(t, gen3d)
			p.write(p.state, "hold", after, 0o600)
			process := p.start("--skip-smoke", "--yes", "--users", "ann@example.com")
			held := p.untilHeld(process)
			if err := errors.Join(process.Process.Kill(), syscall.Kill(held, syscall.SIGKILL)); err != nil {
				t.Fatal(err)
			}
			<-process.ended
			if err := os.Remove(filepath.Join(p.state, "hold")); err != nil {
				t.Fatal(err)
			}
			p.unchanged()
			before := p.hasWeights()
			p.calls()
			status, stdout, stderr := p.deploy("--skip-smoke", "--yes", "--users", "ann@example.com")
			if names := p.account.names(); !slices.Equal(names, []string{"ann@example.com"}) {
				t.Errorf("the users are %q", names)
			}
			if calls := p.calls(); status != 0 || !slices.Equal(calls, left) || !p.hasWeights() {
				t.Errorf("the status is %d, the calls are %q, want %q; %s\n%s", status, calls, left, stderr, stdout)
			}
			if pushed := strings.Contains(stdout, "[5/10] weights: gen3d weights push"); pushed == before {
				t.Errorf("the weights were complete: %t, and pushed: %t", before, pushed)
			}
		})
	}
}

func deployWithALiveEndpoint(t *testing.T, gen3d string) {
	p := newDeployPlace(t, gen3d)
	for _, made := range []string{"stack", "up", "endpoint", "changed"} {
		p.write(p.state, made, "", 0o600)
	}
	status, stdout, stderr := p.deploy("--skip-smoke", "--yes") // with weights and image missing
	if calls := p.calls(); status != 0 || !slices.Equal(calls, []string{"make artifacts", "docker build", "pulumi up"}) || !p.hasWeights() {
		t.Errorf("the calls are %q, status %d, %s\n%s", calls, status, stderr, stdout)
	}

	p = newDeployPlace(t, gen3d) // of a stack that this pulumi backend does not have
	p.write(p.state, "endpoint", "", 0o600)
	status, stdout, stderr = p.deploy("--skip-smoke", "--yes")
	calls := p.calls()
	if status == 0 || slices.Contains(calls, "pulumi up without the model") || !strings.Contains(stdout, "[4/10] up without the model: not needed: endpoint Gen3DSAMAsyncEndpoint-dev is InService\n") {
		t.Errorf("the calls are %q, status %d, %s\n%s", calls, status, stderr, stdout)
	}
}

func deployWithTheImage(t *testing.T, gen3d string) {
	p := newDeployPlace(t, gen3d)
	p.write(p.state, "pushed", "", 0o600)
	status, stdout, stderr := p.deploy("--skip-smoke", "--yes")
	if calls := p.calls(); status != 0 || slices.Contains(calls, "docker build") || !strings.Contains(stdout, "[6/10] image: done: ECR has gen3d:src-") {
		t.Errorf("the calls are %q, status %d, %s\n%s", calls, status, stderr, stdout)
	}
}

func deployAgainstTheCheck(t *testing.T, gen3d string) {
	for name, test := range map[string]struct {
		change func(*deployPlace)
		says   string
	}{
		"no quota": {func(p *deployPlace) { p.account.setQuota(0) }, `fix  GPU quota: "ml.g6e.xlarge for endpoint usage" is 0`},
		"no token": {func(p *deployPlace) { p.env = append(p.env, "HF_TOKEN=") }, "fix  Hugging Face token: "},
		"no AWS":   {func(p *deployPlace) { p.env = append(p.env, "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=") }, "fix  credentials: "},
		"no model": {func(p *deployPlace) {
			p.write(p.folder, "Pulumi.dev.yaml", strings.Replace(deploySettings, "enabled: true", "enabled: false", 1), 0o600)
		}, "set gen3d:model.enabled to true in Pulumi.dev.yaml"},
		"no settings": {func(p *deployPlace) { _ = os.Remove(filepath.Join(p.folder, "Pulumi.dev.yaml")) }, "there is no Pulumi.dev.yaml in this folder"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newDeployPlace(t, gen3d)
			test.change(p)
			for _, how := range []string{"--yes", "--dry-run"} {
				process := p.start("--skip-smoke", how)
				<-process.ended
				text := p.read("log") + process.said()
				if calls := p.calls(); process.ProcessState.ExitCode() != 1 || len(calls) > 0 || !strings.Contains(text, test.says) {
					t.Errorf("%s: status %d, calls %q\n%s", how, process.ProcessState.ExitCode(), calls, text)
				}
			}
		})
	}
}

func deployInterrupted(t *testing.T, gen3d string) {
	p := newDeployPlace(t, gen3d)
	p.write(p.state, "slow", "", 0o600)
	process := p.start("--yes")
	p.untilHeld(process)
	if err := process.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-process.ended
	if status := process.ProcessState.ExitCode(); status != 1 || process.said() != "gen3d: interrupted in step 4 of 10, up without the model\nTo go on from there: gen3d deploy --stack dev --yes\n" {
		t.Errorf("status %d, %s\n%s", status, process.said(), p.read("log"))
	}
	if interrupts := p.read("interrupts"); interrupts != "interrupted\n" {
		t.Errorf("pulumi got %q", interrupts)
	}
	p.unchanged()
	for _, variable := range p.env {
		if folder, ok := strings.CutPrefix(variable, "TMPDIR="); ok {
			if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
				t.Errorf("%v: temporary files are left: %v", err, left)
			}
		}
	}
}

func deploySmoke(t *testing.T, gen3d string) {
	p := newDeployPlace(t, gen3d)
	status, stdout, stderr := p.deploy("--yes") // the account has no service to test
	if status != 1 || !strings.Contains(stdout, "[10/10] smoke: gen3d smoke --stack dev (") || !strings.Contains(stderr, "step 10 of 10, smoke, failed after ") || !strings.Contains(stderr, "the service stays deployed.\nTo go on from there: gen3d deploy --stack dev --yes\n") {
		t.Errorf("status %d, %s\n%s", status, stderr, stdout)
	}
}
