package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gen3d/cmd/gen3d/smoke"
)

// smokes runs gen3d smoke in this process, through a transport.
func (s *service) smokes(ctx context.Context, change func(*smoke.Options)) (smoke.Report, string) {
	s.t.Helper()
	var trace bytes.Buffer
	options := smoke.Options{URL: s.url, Timeout: 30 * time.Minute, Trace: &trace}
	if change != nil {
		change(&options)
	}
	report := smoke.Run(ctx, options)
	s.t.Logf("%d steps, %s", len(report.Steps), report)
	return report, trace.String()
}

// failures returns the failed steps.
func failures(report smoke.Report) (failed []smoke.Step) {
	for _, step := range report.Steps {
		if step.Status == smoke.Failed {
			failed = append(failed, step)
		}
	}
	return failed
}

// secretPattern matches tokens, signatures of presigned links, and addresses.
var secretPattern = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{20}|X-Amz-Signature=[0-9a-f]|code=[A-Z0-9]|[a-z0-9]@[a-z]|gen3dlocalsecret`)

func TestSmokeOfAWorkingServicePasses(t *testing.T) {
	s := start(t, t.TempDir())
	junit := filepath.Join(t.TempDir(), "smoke.xml")
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), gen3d, "smoke", "--against", "local", "--url", s.url, "--json", "--junit", junit, "-v")
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("gen3d smoke: %v\n%s%s", err, stdout.String(), stderr.String())
	}
	var report smoke.Report
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
		t.Fatalf("%v in %s", err, stdout.String())
	}
	for _, step := range report.Steps {
		t.Log(step)
		if want := smoke.OK; step.Status != want && step.Name != "alarms" || step.Message == "" {
			t.Errorf("step %s is %s: %s", step.Name, step.Status, step.Message)
		}
	}
	if report.Failed != 0 || report.Skipped != 1 || report.Passed != len(report.Steps)-1 {
		t.Errorf("the counts are %d, %d, %d", report.Passed, report.Failed, report.Skipped)
	}
	data, err := os.ReadFile(junit)
	if err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Tests   int `xml:"tests,attr"`
		Skipped int `xml:"skipped,attr"`
		Cases   []struct {
			Name string `xml:"name,attr"`
			Time string `xml:"time,attr"`
		} `xml:"testcase"`
	}
	if err := xml.Unmarshal(data, &suite); err != nil || suite.Tests != len(report.Steps) || len(suite.Cases) != suite.Tests || suite.Skipped != 1 {
		t.Errorf("the JUnit suite: %v\n%s", err, data)
	}
	for _, call := range []string{"POST " + s.url + "/api/jobs: 201 Created", "POST " + s.s3URL + "/gen3d-local-data: 204", "/mesh.glb?X-Amz-Signature=(secret): 200", "DELETE "} {
		if !strings.Contains(stderr.String(), call) {
			t.Errorf("the calls lack %q", call)
		}
	}
	if secret := secretPattern.FindString(stdout.String() + stderr.String() + string(data)); secret != "" {
		t.Errorf("the output has %q", secret)
	}
	if left := s.keys("users/"); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

func TestSmokePrintsALineForEachStep(t *testing.T) {
	var stdout, stderr bytes.Buffer
	command := exec.Command(gen3d, "smoke", "--against", "local", "--url", "http://127.0.0.1:1")
	command.Stdout, command.Stderr = &stdout, &stderr
	_ = command.Run() // the status is compared
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	if command.ProcessState.ExitCode() != 1 || !strings.HasPrefix(lines[0], "failed   service ") || !strings.Contains(lines[0], "start it with make run") {
		t.Errorf("status %d, %s", command.ProcessState.ExitCode(), stdout.String())
	}
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "local http://127.0.0.1:1: 0 ok, 1 failed, 21 skipped in ") || len(lines) != 23 {
		t.Errorf("%d lines, the last is %q", len(lines), last)
	}
	if !strings.Contains(stderr.String(), "1 of 22 steps failed") {
		t.Errorf("stderr is %q", stderr.String())
	}
}

func TestInterruptedSmokeRemovesWhatItMade(t *testing.T) {
	s := start(t, t.TempDir(), "--model-start", "1h") // so that it waits when it is interrupted
	command := exec.Command(gen3d, "smoke", "--against", "local", "--url", s.url)
	stdout := newLines()
	command.Stdout, command.Stderr = stdout, stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	s.eventually("the upload", func() bool { return strings.Contains(stdout.String(), "upload the photo") })
	if err := command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait() // the status is compared
	if command.ProcessState.ExitCode() != 1 {
		t.Errorf("the status is %d", command.ProcessState.ExitCode())
	}
	s.eventually("the last line", func() bool { return strings.Contains(stdout.String(), "gen3d: ") })
	if text := stdout.String(); !strings.Contains(text, "interrupted") || !regexp.MustCompile(`(?m)^ok +clean up`).MatchString(text) {
		t.Errorf("the output is\n%s", text)
	}
	s.eventually("nothing left", func() bool { return len(s.keys("users/")) == 0 && s.markers() == 0 })
}

func TestSmokeDeletesTheJobsOfAKilledRun(t *testing.T) {
	s := start(t, t.TempDir())
	c := s.as("testuser003")
	killed := c.newJob("gen3d-smoke-20200101t000000z-abcdef-cup.jpg", "image/jpeg", 1000).JobID
	running := c.newJob("gen3d-smoke-29990101t000000z-abcdef-cup.jpg", "image/jpeg", 1000).JobID
	own := c.newJob("cup.jpg", "image/jpeg", 1000).JobID
	report, _ := s.smokes(t.Context(), nil)
	if failed := failures(report); len(failed) > 0 {
		t.Errorf("failed: %v", failed)
	}
	if jobs := c.jobs(); slices.Contains(jobs, killed) || !slices.Contains(jobs, running) || !slices.Contains(jobs, own) {
		t.Errorf("the jobs are %q, with %s of a killed run", jobs, killed)
	}
}

// roundTrip is a transport that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
