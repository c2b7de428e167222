package transfer

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"gen3d/internal/weights"
	"gen3d/internal/weights/hub"
)

// dinoTarget is the class that loads DINOv2 with torch.hub
// (sam3d_objects/model/backbone/dit/embedder/dino.py), and its default model.
const (
	dinoTarget  = "sam3d_objects.model.backbone.dit.embedder.dino.Dino"
	dinoDefault = "dinov2_vitb14"
)

// generators are the prefixes of the keys of pipeline.yaml that can name a
// checkpoint that contains DINOv2.
var generators = []string{"ss_generator", "slat_generator"}

// maxConfig is the maximum size of a configuration file, in bytes.
const maxConfig = 1 << 20

// addDINOv2 adds the published encoders that torch.hub would fetch at load.
// Only a generator whose checkpoint is a .safetensors needs them.
func (c *Catalog) addDINOv2(ctx context.Context, client *hub.Client, d weights.DINOv2) error {
	pipeline, err := c.config(ctx, d.Pipeline)
	if err != nil || pipeline == nil {
		return err
	}
	var models []string
	for _, generator := range generators {
		checkpoint, _ := pipeline[generator+"_ckpt_path"].(string)
		if !strings.HasSuffix(checkpoint, ".safetensors") {
			continue
		}
		name, _ := pipeline[generator+"_config_path"].(string)
		config, err := c.config(ctx, path.Join(path.Dir(d.Pipeline), name))
		if err != nil {
			return err
		}
		if config == nil {
			return fmt.Errorf("%s names %q for %s, which is not there: check the list of sources", d.Pipeline, name, generator)
		}
		models = append(models, encoders(config)...)
	}
	slices.Sort(models)
	for _, model := range slices.Compact(models) {
		address, err := dinoAddress(d.URL, model)
		if err != nil {
			return err
		}
		remote, size, etag, err := client.Web(ctx, address)
		if err != nil {
			return err
		}
		c.Files = append(c.Files, File{
			Path: d.Target + "/" + path.Base(address), Size: size, Digest: Digest("etag:" + strings.Trim(etag, `"`)),
			From: address, remote: remote,
		})
	}
	return nil
}

// config returns the contents of a YAML file of the catalog, or nil if there is
// none.
func (c *Catalog) config(ctx context.Context, name string) (map[string]any, error) {
	at := slices.IndexFunc(c.Files, func(f File) bool { return f.Path == name })
	if at < 0 {
		return nil, nil
	}
	file := c.Files[at]
	if file.Size > maxConfig {
		return nil, fmt.Errorf("%s of %s has %d bytes, too many for a configuration: check the list of sources", file.Path, file.From, file.Size)
	}
	text := make([]byte, file.Size)
	err := fetch(ctx, file, text, 0)
	file.remote.Close()
	if err != nil {
		return nil, err
	}
	s := newSums(file)
	s.add(text)
	if err := s.check(file); err != nil {
		return nil, err
	}
	config := map[string]any{}
	if err := yaml.Unmarshal(text, &config); err != nil {
		return nil, fmt.Errorf("reading %s of %s: %w", file.Path, file.From, err)
	}
	return config, nil
}

// encoders returns the DINOv2 models of a configuration.
func encoders(node any) []string {
	var found []string
	switch node := node.(type) {
	case map[string]any:
		if node["_target_"] == dinoTarget {
			model, set := node["dino_model"].(string)
			if !set {
				model = dinoDefault
			}
			found = append(found, model)
		}
		for _, value := range node {
			found = append(found, encoders(value)...)
		}
	case []any:
		for _, value := range node {
			found = append(found, encoders(value)...)
		}
	}
	return found
}

// dinoModel is the name of an encoder of torch.hub, without a head.
var dinoModel = regexp.MustCompile(`^(dinov2_vit[sblg]14)(_reg)?$`)

// dinoAddress returns the URL of the encoder's weights
// (dinov2/hub/backbones.py): the models with registers have four.
func dinoAddress(base, model string) (string, error) {
	match := dinoModel.FindStringSubmatch(model)
	if match == nil {
		return "", fmt.Errorf("the configuration asks for DINOv2's %.80q, of which no weights are known", model)
	}
	file := match[1]
	if match[2] != "" {
		file += "_reg4"
	}
	return strings.TrimRight(base, "/") + "/" + match[1] + "/" + file + "_pretrain.pth", nil
}
