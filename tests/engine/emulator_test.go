package engine

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/infra"
)

// startEmulator runs the emulator until the test ends, and returns its address.
func startEmulator(t *testing.T) string {
	t.Helper()
	python := filepath.Join(".venv", "bin", "python")
	if _, err := os.Stat(python); errors.Is(err, os.ErrNotExist) {
		t.Skip("the AWS emulator is not installed: run tests/engine/setup")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	_, port, _ := net.SplitHostPort(address)
	emulator := exec.Command(python, "emulator.py", port)
	log, err := os.Create(filepath.Join(t.TempDir(), "emulator.log"))
	if err != nil {
		t.Fatal(err)
	}
	emulator.Stdout, emulator.Stderr = log, log
	if err := emulator.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		emulator.Process.Kill()
		emulator.Wait()
		if t.Failed() {
			showErrors(t, log.Name())
		}
		log.Close()
	})
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		response, err := http.Get("http://" + address + "/moto-api/data.json")
		if err == nil {
			response.Body.Close()
			return "http://" + address
		}
		if time.Now().After(deadline) {
			t.Fatalf("the emulator did not start: %v", err)
		}
	}
}

// showErrors prints what the emulator refused.
func showErrors(t *testing.T, path string) {
	data, _ := os.ReadFile(path)
	for _, line := range strings.Split(string(data), "\n") {
		if strings.Contains(line, "Error") || strings.Contains(line, "\" 50") || strings.Contains(line, "NotImplemented") {
			t.Log(line)
		}
	}
}

// findPlugin skips where the command or the plugin is missing.
func findPlugin(t *testing.T) (home string) {
	t.Helper()
	home = os.Getenv("PULUMI_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		home = filepath.Join(user, ".pulumi")
	}
	t.Setenv("PATH", filepath.Join(home, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	if _, err := exec.LookPath("pulumi"); err != nil {
		t.Skip("the pulumi command is not on the PATH: install it from https://www.pulumi.com/docs/install/")
	}
	if found, _ := filepath.Glob(filepath.Join(home, "plugins", "resource-aws-v6.83.*", "pulumi-resource-aws")); len(found) == 0 {
		t.Skip("the plugin of pulumi-aws is not installed: run pulumi plugin install resource aws v6.83.2")
	}
	return home
}

// stack is one stack with a state of its own.
type stack struct {
	t        *testing.T
	stack    auto.Stack
	settings map[string]string
	address  string // of the emulator
	shown    string // by the last preview
}

var replacement = regexp.MustCompile(`\+-\s*(aws:\S+): \(replace\)`)

// replaced returns the types of what the last preview would replace, sorted.
func (s *stack) replaced() []string {
	var types []string
	for _, match := range replacement.FindAllStringSubmatch(s.shown, -1) {
		types = append(types, match[1])
	}
	slices.Sort(types)
	return types
}

func newStack(t *testing.T, name string, settings map[string]string) *stack {
	t.Helper()
	findPlugin(t)
	address := startEmulator(t)
	s := &stack{t: t, settings: map[string]string{}, address: address}
	folder := t.TempDir()
	artifacts := builtCheckout(t)
	program := func(ctx *pulumi.Context) error { return infra.Deploy(ctx, s.settings, artifacts) }
	made, err := auto.NewStackInlineSource(t.Context(), name, "gen3d", program,
		auto.Project(workspace.Project{
			Name: "gen3d", Runtime: workspace.NewProjectRuntimeInfo("go", nil),
			Backend: &workspace.ProjectBackend{URL: "file://" + folder},
		}),
		auto.EnvVars(map[string]string{
			"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
			"PULUMI_CONFIG_PASSPHRASE": "test", "PULUMI_SKIP_UPDATE_CHECK": "true",
		}))
	if err != nil {
		t.Fatal(err)
	}
	s.stack = made
	for key, value := range map[string]string{
		"aws:region": "us-east-1", "aws:maxRetries": "2", "aws:skipCredentialsValidation": "true",
		"aws:skipMetadataApiCheck": "true", "aws:s3UsePathStyle": "true",
	} {
		s.set(key, value)
	}
	// The stack's own file, then what the test asks for beside it.
	file, err := workspace.LoadProjectStack(nil, &workspace.Project{Name: "gen3d"}, filepath.Join("..", "..", "Pulumi."+name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range file.Config {
		plain, err := value.Value(config.NopDecrypter)
		if err != nil {
			t.Fatal(err)
		}
		s.set(key.String(), plain)
	}
	for key, value := range settings {
		s.set(key, value)
	}
	return s
}

// set changes one setting of the stack.
func (s *stack) set(key, value string) {
	s.t.Helper()
	if err := s.stack.SetConfig(s.t.Context(), key, auto.ConfigValue{Value: value}); err != nil {
		s.t.Fatal(err)
	}
	s.settings[key] = value
}

// up deploys and returns how many resources were changed, by what was done.
func (s *stack) up() map[string]int {
	s.t.Helper()
	started := time.Now()
	result, err := s.stack.Up(s.t.Context(), optup.SuppressProgress())
	if err != nil {
		s.t.Fatalf("up: %v\n%s", err, result.StdOut)
	}
	s.t.Logf("up: %v in %s", *result.Summary.ResourceChanges, time.Since(started).Round(time.Second))
	return *result.Summary.ResourceChanges
}

// preview returns what an up would do.
func (s *stack) preview() map[apitype.OpType]int {
	s.t.Helper()
	started := time.Now()
	result, err := s.stack.Preview(s.t.Context(), optpreview.Diff(), optpreview.SuppressProgress())
	if err != nil {
		s.t.Fatalf("preview: %v\n%s", err, result.StdOut)
	}
	s.shown = result.StdOut
	s.t.Logf("preview: %v in %s", result.ChangeSummary, time.Since(started).Round(time.Second))
	for op := range result.ChangeSummary {
		if op != apitype.OpSame {
			s.t.Log(result.StdOut)
			break
		}
	}
	return result.ChangeSummary
}

// destroy removes everything and returns how many resources are left.
func (s *stack) destroy() int {
	s.t.Helper()
	result, err := s.stack.Destroy(context.Background(), optdestroy.SuppressProgress())
	if err != nil {
		s.t.Fatalf("destroy: %v\n%s", err, result.StdOut)
	}
	s.t.Logf("destroy: %v", *result.Summary.ResourceChanges)
	state, err := s.stack.Export(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Count(string(state.Deployment), `"urn":`)
}

// builtCheckout is as small a built checkout as there can be.
func builtCheckout(t *testing.T) infra.Artifacts {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{"webapp/dist/index.html": "<!doctype html>", "webapp/dist/assets/index-abc.js": "1"}
	for _, part := range []string{"extract", "notify", "api", "sweep"} {
		files["dist/lambda/"+part+"/bootstrap"] = "program " + part
	}
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return infra.Artifacts{Root: root}
}
