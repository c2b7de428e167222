package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gen3d/cmd/gen3d/check"
)

func TestTheCopyHasNoModelAndTheFileStays(t *testing.T) {
	for name, text := range map[string]string{
		"enabled": "# why\nconfig:\n  aws:region: eu-west-1\n  gen3d:model.enabled: true\n  gen3d:huggingFaceToken:\n    secure: v1:abc\nencryptionsalt: v1:salt\n",
		"quoted":  "encryptionsalt: v1:salt\nconfig: {\"gen3d:model.enabled\": \"true\", \"gen3d:model.remove\": true, \"aws:region\": eu-west-1, \"gen3d:huggingFaceToken\": {secure: v1:abc}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			file := filepath.Join(folder, "Pulumi.dev.yaml")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			path, remove, err := withoutModel(folder, "dev")
			if err != nil {
				t.Fatal(err)
			}
			config, region, err := check.Settings(filepath.Dir(path), "dev")
			if err != nil || region != "eu-west-1" || config.Model.Enabled || config.Model.Remove {
				t.Errorf("%v: the copy has %+v in %s", err, config.Model, region)
			}
			written, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, kept := range []string{"v1:abc", "encryptionsalt: v1:salt"} {
				if !strings.Contains(string(written), kept) {
					t.Errorf("the copy lacks %s:\n%s", kept, written)
				}
			}
			remove()
			if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
				t.Errorf("the copy stays: %v", err)
			}
			if after, err := os.ReadFile(file); err != nil || string(after) != text {
				t.Errorf("%v: the file is\n%s", err, after)
			}
		})
	}
}
