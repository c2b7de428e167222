package deploy

import (
	"fmt"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"
)

// withoutModel writes a copy of a stack's settings, in which the model is off,
// to a new folder of temporary files, and returns its path. remove deletes it.
//
// pulumi up --config writes the value into the stack's file, so the copy is
// given by --config-file. The copy has the file's encrypted secrets and their
// salt. model.remove is off in it as well: the Pulumi program then refuses to
// delete an endpoint.
// https://www.pulumi.com/docs/iac/cli/commands/pulumi_up/
func withoutModel(folder, stack string) (path string, remove func(), err error) {
	name := "Pulumi." + stack + ".yaml"
	text, err := os.ReadFile(filepath.Join(folder, name)) // #nosec G304 -- named by the user
	if err != nil {
		return "", nil, fmt.Errorf("reading the settings of stack %s: %w", stack, err)
	}
	var file yaml.Node
	if err := yaml.Unmarshal(text, &file); err != nil {
		return "", nil, fmt.Errorf("reading the settings in %s: %w", name, err)
	}
	values := mapping(&file)
	if values == nil { // model.enabled is true in it
		return "", nil, fmt.Errorf("%s has no mapping config", name)
	}
	setFalse(values, "gen3d:model.enabled")
	setFalse(values, "gen3d:model.remove")
	if text, err = yaml.Marshal(&file); err != nil {
		return "", nil, fmt.Errorf("writing a copy of %s: %w", name, err)
	}
	temporary, err := os.MkdirTemp("", "gen3d-deploy-")
	if err != nil {
		return "", nil, fmt.Errorf("writing a copy of %s: %w", name, err)
	}
	remove = func() { _ = os.RemoveAll(temporary) } // it has no secret in plain text
	path = filepath.Join(temporary, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		remove()
		return "", nil, fmt.Errorf("writing a copy of %s: %w", name, err)
	}
	return path, remove, nil
}

// mapping returns the mapping config of a stack's file, nil if there is none.
func mapping(file *yaml.Node) *yaml.Node {
	if len(file.Content) == 0 {
		return nil
	}
	top := file.Content[0]
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value == "config" && top.Content[i+1].Kind == yaml.MappingNode {
			return top.Content[i+1]
		}
	}
	return nil
}

// setFalse sets a key of a mapping.
func setFalse(values *yaml.Node, key string) {
	no := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"}
	for i := 0; i+1 < len(values.Content); i += 2 {
		if values.Content[i].Value == key {
			*values.Content[i+1] = no
			return
		}
	}
	values.Content = append(values.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, &no)
}
