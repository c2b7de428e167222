package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"gen3d/infra/settings"
)

// given has a stack's settings as written in its file.
type given struct {
	values          map[string]string // without secrets
	encrypted       map[string]bool   // keys of secrets
	region, profile string            // aws:region and aws:profile
}

// readSettings reads Pulumi.<stack>.yaml, without the pulumi command: that
// needs a login and, for secrets, a passphrase.
func (w *world) readSettings() Finding {
	if err := settings.CheckStackName(w.stack); err != nil {
		return fix("pulumi stack init dev", "%s", oneLine(err))
	}
	file := "Pulumi." + w.stack + ".yaml"
	text, err := os.ReadFile(filepath.Join(w.folder, file)) // #nosec G304 -- named by the user
	if errors.Is(err, os.ErrNotExist) {
		return fix("pulumi stack init "+w.stack, "there is no %s in this folder; go to the checkout, or make one from Pulumi.dev.yaml", file)
	}
	if err == nil {
		w.given, err = parseSettings(text)
	}
	if err != nil {
		return fix("pulumi config --stack "+w.stack, "%s cannot be read (%s); correct it", file, oneLine(err))
	}
	config, err := settings.Load(w.given.values)
	var wrong settings.ConfigError
	if errors.As(err, &wrong) {
		return fix("edit "+file, "%s", strings.Join(wrong.Problems, "; "))
	}
	if err != nil {
		return fix("edit "+file, "%s", oneLine(err))
	}
	w.config, w.valid = config, true
	return ok("%s is valid", file)
}

// Settings reads the settings of the stack called name in folder; empty means
// the current one. region is that of its AWS provider, empty if none is set.
func Settings(folder, name string) (config settings.Config, region string, err error) {
	w := &world{folder: folder, stack: name}
	if f := w.readSettings(); !w.valid {
		return settings.Config{}, "", errors.New(f.Message)
	}
	return w.config, w.given.region, nil
}

// parseSettings parses a stack's file. A secret is {secure: …}, and any other
// structure is passed on as JSON, as the Pulumi engine does.
// https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/
func parseSettings(text []byte) (given, error) {
	var file struct {
		Config map[string]yaml.Node `yaml:"config"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return given{}, fmt.Errorf("parsing YAML: %w", err)
	}
	g := given{values: map[string]string{}, encrypted: map[string]bool{}}
	for key, node := range file.Config {
		if node.Kind == yaml.ScalarNode {
			g.values[key] = node.Value
			continue
		}
		var value any
		if err := node.Decode(&value); err != nil {
			return given{}, fmt.Errorf("parsing %s: %w", key, err)
		}
		if fields, ok := value.(map[string]any); ok && len(fields) == 1 && fields["secure"] != nil {
			g.encrypted[key] = true
			continue
		}
		structure, err := json.Marshal(value)
		if err != nil {
			return given{}, fmt.Errorf("parsing %s: %w", key, err)
		}
		g.values[key] = string(structure)
	}
	g.region, g.profile = g.values["aws:region"], g.values["aws:profile"]
	return g, nil
}
