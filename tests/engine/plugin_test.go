package engine

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// startPlugin runs the plugin of pulumi-aws until the test ends and returns the
// value of PULUMI_DEBUG_PROVIDERS with which the engine connects to it.
//
// The engine starts the plugin for each command, and each start builds the
// schemas of all AWS resources anew: 3 to 5 seconds of a processor, most of what
// a command costs. Connected to a running plugin, it configures that one.
// https://www.pulumi.com/docs/iac/guides/building-extending/providers/debugging-providers/
func startPlugin(t *testing.T, path string, env []string) string {
	t.Helper()
	plugin := exec.Command(path)
	plugin.Env = append(os.Environ(), env...)
	// A configured plugin cannot be given certificates a second time, and the
	// emulator has none.
	plugin.Env = append(plugin.Env, "AWS_CA_BUNDLE=")
	stdout, err := plugin.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "plugin.log"))
	if err != nil {
		t.Fatal(err)
	}
	plugin.Stderr = log
	if err := plugin.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		plugin.Process.Kill()
		plugin.Wait()
		log.Close()
		t.Logf("the plugin worked %s", plugin.ProcessState.UserTime()+plugin.ProcessState.SystemTime())
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		said, _ := os.ReadFile(log.Name())
		t.Fatalf("the plugin of pulumi-aws did not start: %v\n%s", err, said)
	}
	return "aws:" + strings.TrimSpace(port)
}
