package engine

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
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

// findPulumi returns the pulumi command and the path of the plugin of pulumi-aws.
// It skips the test where one of them is missing.
func findPulumi(t *testing.T) (command auto.PulumiCommand, plugin string) {
	t.Helper()
	home := os.Getenv("PULUMI_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		home = filepath.Join(user, ".pulumi")
	}
	options := &auto.PulumiCommandOptions{SkipVersionCheck: true}
	if _, err := os.Stat(filepath.Join(home, "bin", "pulumi")); err == nil {
		options.Root = home // where the installer puts it, whether on the PATH or not
	}
	command, err := auto.NewPulumiCommand(options)
	if err != nil {
		t.Skip("there is no pulumi command: install it from https://www.pulumi.com/docs/install/")
	}
	plugins, _ := filepath.Glob(filepath.Join(home, "plugins", "resource-aws-v6.83.*", "pulumi-resource-aws"))
	if len(plugins) == 0 {
		t.Skip("the plugin of pulumi-aws is not installed: run pulumi plugin install resource aws v6.83.2")
	}
	return command, plugins[len(plugins)-1]
}

// stack is a stack with its own state and emulated account.
type stack struct {
	*testing.T
	stack    auto.Stack
	settings map[string]string
	outputs  auto.OutputMap // of the latest up
	emulator string         // URL
}

// newStack creates a stack with the settings of its file, overridden by
// settings.
func newStack(t *testing.T, name string, settings map[string]string) *stack {
	t.Helper()
	command, plugin := findPulumi(t)
	s := &stack{T: t, settings: map[string]string{}, emulator: startEmulator(t)}
	artifacts := builtCheckout(t)
	program := func(ctx *pulumi.Context) error { return infra.Deploy(ctx, s.settings, artifacts, s.account) }
	created, err := auto.NewStackInlineSource(t.Context(), name, "gen3d", program, auto.Pulumi(command),
		auto.Project(workspace.Project{
			Name: "gen3d", Runtime: workspace.NewProjectRuntimeInfo("go", nil),
			Backend: &workspace.ProjectBackend{URL: "file://" + t.TempDir()},
		}),
		auto.EnvVars(map[string]string{
			"PULUMI_CONFIG_PASSPHRASE": "test", "PULUMI_SKIP_UPDATE_CHECK": "true", "GOGC": "400",
			// The state is written once at the end of a command, not after each
			// resource: no test kills a command.
			"PULUMI_SKIP_CHECKPOINTS": "true", "PULUMI_EXPERIMENTAL": "true", "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
			"PULUMI_DEBUG_PROVIDERS": startPlugin(t, plugin, []string{
				"AWS_ENDPOINT_URL=" + s.emulator, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "GOGC=400",
			}),
		}))
	if err != nil {
		t.Fatal(err)
	}
	s.stack = created
	file, err := workspace.LoadProjectStack(nil, &workspace.Project{Name: "gen3d"}, filepath.Join("..", "..", "Pulumi."+name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	own := map[string]string{
		"aws:region": "us-east-1", "aws:maxRetries": "6", "aws:skipCredentialsValidation": "true",
		"aws:skipMetadataApiCheck": "true", "aws:s3UsePathStyle": "true",
	}
	for key, value := range file.Config {
		if own[key.String()], err = value.Value(config.NopDecrypter); err != nil {
			t.Fatal(err)
		}
	}
	maps.Copy(own, settings)
	s.set(own)
	return s
}

// account opens the emulated account.
func (s *stack) account(context.Context, string, string) (infra.Account, error) {
	return infra.NewAccount(s.access()), nil
}

// access is the configuration of clients of the emulated account.
func (s *stack) access() aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(s.emulator),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}

// set changes settings of the stack and returns their previous values. An empty
// value removes a setting.
func (s *stack) set(settings map[string]string) (before map[string]string) {
	s.Helper()
	before = map[string]string{}
	values, removed := auto.ConfigMap{}, []string(nil)
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		before[key] = s.settings[key]
		if settings[key] == "" {
			removed = append(removed, key)
			delete(s.settings, key)
			continue
		}
		values[key] = auto.ConfigValue{Value: settings[key], Secret: key == infra.Namespace+":"+infra.TokenKey}
		s.settings[key] = settings[key]
	}
	// Each call starts the pulumi command, so one call sets all keys.
	if len(values) > 0 {
		if err := s.stack.SetAllConfig(s.Context(), values); err != nil {
			s.Fatal(err)
		}
	}
	if len(removed) > 0 {
		if err := s.stack.RemoveAllConfig(s.Context(), removed); err != nil {
			s.Fatal(err)
		}
	}
	return before
}

// brokenConnection is in the provider's error when its connection to the
// emulator ends in the middle of a response, which it does not repeat. It was
// seen on a loaded machine, for one of thousands of requests.
const brokenConnection = "decomposing response: read tcp"

// hasBroken reports whether a command failed for its connection to the emulator,
// so that it can be repeated.
func (s *stack) hasBroken(err error) bool {
	if err == nil || !strings.Contains(err.Error(), brokenConnection) {
		return false
	}
	s.Logf("the connection to the emulator broke: %v", err)
	return true
}

// refresh reads the state of all resources.
func (s *stack) refresh() {
	s.Helper()
	_, err := s.stack.Refresh(s.Context())
	if s.hasBroken(err) {
		_, err = s.stack.Refresh(s.Context())
	}
	if err != nil {
		s.Fatal(err)
	}
}

// up deploys and returns the number of changed resources by operation.
func (s *stack) up() map[string]int {
	s.Helper()
	started := time.Now()
	result, err := s.stack.Up(s.Context(), optup.SuppressProgress())
	broken := s.hasBroken(err)
	if broken {
		result, err = s.stack.Up(s.Context(), optup.SuppressProgress())
	}
	if err != nil {
		s.Fatalf("up: %v\n%s", err, result.StdOut)
	}
	changes := *result.Summary.ResourceChanges
	if broken {
		s.addBroken(changes)
	}
	s.outputs = result.Outputs
	s.Logf("up: %v in %s", changes, time.Since(started).Round(time.Second))
	return changes
}

// addBroken adds what the update before the latest one changed.
func (s *stack) addBroken(changes map[string]int) {
	s.Helper()
	history, err := s.stack.History(s.Context(), 2, 1) // newest first
	if err != nil || len(history) < 2 || history[1].ResourceChanges == nil {
		s.Fatalf("the history of the broken update: %+v, %v", history, err)
	}
	same := string(apitype.OpSame)
	for op, n := range *history[1].ResourceChanges {
		if op != same {
			changes[op] += n
			changes[same] -= n // for the latest update
		}
	}
}

// output returns an output of the latest up, or an empty string if there is none
// or it is not a string.
func (s *stack) output(name string) string {
	value, _ := s.outputs[name].Value.(string)
	return value
}

// nothingToDo checks that another up would change nothing.
func (s *stack) nothingToDo(after string) {
	s.Helper()
	started := time.Now()
	result, err := s.stack.Preview(s.Context(), optpreview.Diff(), optpreview.SuppressProgress())
	if s.hasBroken(err) {
		result, err = s.stack.Preview(s.Context(), optpreview.Diff(), optpreview.SuppressProgress())
	}
	if err != nil {
		s.Fatalf("preview: %v\n%s", err, result.StdOut)
	}
	s.Logf("preview: %v in %s", result.ChangeSummary, time.Since(started).Round(time.Second))
	for op, n := range result.ChangeSummary {
		if op != apitype.OpSame {
			s.Errorf("%s, another up would %s %d resources:\n%s", after, op, n, result.StdOut)
		}
	}
}

// resource is a resource in the stack's state.
type resource struct {
	URN, ID, Type string
	Protect       bool
	Created       time.Time
}

// resources returns all resources of the state, including components and
// providers.
func (s *stack) resources() []resource {
	s.Helper()
	state, err := s.stack.Export(context.WithoutCancel(s.Context()))
	if err != nil {
		s.Fatal(err)
	}
	var deployment struct{ Resources []resource }
	if err := json.Unmarshal(state.Deployment, &deployment); err != nil {
		s.Fatal(err)
	}
	return deployment.Resources
}

// destroy removes the whole stack.
func (s *stack) destroy() {
	s.Helper()
	started := time.Now()
	result, err := s.stack.Destroy(s.Context(), optdestroy.SuppressProgress())
	if s.hasBroken(err) {
		result, err = s.stack.Destroy(s.Context(), optdestroy.SuppressProgress())
	}
	if err != nil {
		s.Fatalf("destroy: %v\n%s", err, result.StdOut)
	}
	s.Logf("destroy: %v in %s", *result.Summary.ResourceChanges, time.Since(started).Round(time.Second))
	for _, left := range s.resources() {
		s.Errorf("destroy left %s", left.URN)
	}
}

// pulumi runs the pulumi command on the stack, as an operator does.
func (s *stack) pulumi(args ...string) (output string, err error) {
	s.Helper()
	where := s.stack.Workspace()
	var env []string
	for name, value := range where.GetEnvVars() {
		env = append(env, name+"="+value)
	}
	args = append(args, "--stack", s.stack.Name(), "--non-interactive", "--color", "never")
	stdout, stderr, _, err := where.PulumiCommand().Run(s.Context(), where.WorkDir(), nil, nil, nil, env, args...)
	return strings.TrimSpace(stdout + stderr), err
}

// builtCheckout creates a minimal built checkout.
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
