package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const installPulumi = "https://www.pulumi.com/docs/install/"

// oldestMinor is the oldest release of version 3 of the pulumi command with
// which the program is tested. It uses error hooks (infra/retries.go), which
// older ones lack.
const oldestMinor = 250

func pulumiCommand(ctx context.Context, w *world) Finding {
	version, err := output(ctx, w.folder, "pulumi", "version")
	switch {
	case errors.Is(err, errNotInstalled):
		return fix(installPulumi, "it is not on the PATH; install it")
	case err != nil:
		return fix("pulumi version", "it does not run (%s); install it again", oneLine(err))
	}
	version = strings.TrimSpace(version)
	var major, minor int
	if _, err := fmt.Sscanf(version, "v%d.%d", &major, &minor); err == nil && (major < 3 || major == 3 && minor < oldestMinor) {
		return fix(installPulumi, "version %s is older than v3.%d.0, whose error hooks the program uses; install a newer one", version, oldestMinor)
	}
	return ok("version %s", version)
}

func pulumiLogin(ctx context.Context, w *world) Finding {
	user, err := output(ctx, w.folder, "pulumi", "whoami", "--non-interactive")
	switch {
	case errors.Is(err, errNotInstalled):
		return skip("the pulumi command is not on the PATH")
	case err != nil:
		return fix("pulumi login", "pulumi is not logged in to a backend (%s); log in", oneLine(err))
	}
	return ok("as %s", strings.TrimSpace(user))
}

// pluginPattern matches the modules of Pulumi's providers in go.mod: the
// plugins have their versions.
var pluginPattern = regexp.MustCompile(`(?m)^\s*github\.com/pulumi/pulumi-([a-z]+)/sdk/v\d+ v(\S+)`)

// pulumiPlugins looks for the plugins of the program's providers. A missing one
// is downloaded by the deployment.
func pulumiPlugins(ctx context.Context, w *world) Finding {
	modules, err := os.ReadFile(filepath.Join(w.folder, "go.mod"))
	if err != nil {
		return skip("go.mod cannot be read; run the command in the checkout")
	}
	text, err := output(ctx, w.folder, "pulumi", "plugin", "ls", "--json")
	if errors.Is(err, errNotInstalled) {
		return skip("the pulumi command is not on the PATH")
	}
	var installed []struct{ Name, Kind, Version string }
	if err == nil {
		err = json.Unmarshal([]byte(text), &installed)
	}
	if err != nil {
		return skip("pulumi does not list its plugins (%s)", oneLine(err))
	}
	have := map[string]bool{}
	for _, plugin := range installed {
		have[plugin.Name+" "+plugin.Version] = true
	}
	var present, install []string
	for _, module := range pluginPattern.FindAllStringSubmatch(string(modules), -1) {
		name := module[1] + " " + module[2]
		if have[name] {
			present = append(present, name)
		} else {
			install = append(install, "pulumi plugin install resource "+module[1]+" v"+module[2])
		}
	}
	if len(install) > 0 {
		return note(strings.Join(install, " && "), "%s not installed; the deployment downloads them, or do it now", count(len(install)))
	}
	return ok("%s", strings.Join(present, ", "))
}

func count(n int) string {
	if n == 1 {
		return "1 plugin is"
	}
	return fmt.Sprintf("%d plugins are", n)
}
