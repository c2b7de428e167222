package site_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"gen3d/internal/weights/site"
)

// webapp/src/masks/network/Manifest.test.ts reads the same file with the page's parser.
func TestNetworkMatchesTheFileThatThePageParses(t *testing.T) {
	want, err := os.ReadFile("../../../testdata/network/network.json")
	if err != nil {
		t.Fatal(err)
	}
	model := func(name string, graph, data int64, digit string) site.Model {
		digest := strings.Repeat(digit, 64)
		return site.Model{
			Graph: site.File{Path: "/network/1f2e/" + name, Bytes: graph, SHA256: digest},
			Data:  site.File{Path: "/network/1f2e/" + name + "_data", Bytes: data, SHA256: digest},
		}
	}
	got, err := json.MarshalIndent(site.Network{
		Format: site.Format, Repository: "owner/name", Commit: "1f2e",
		Encoder: model("vision_encoder.onnx", 192_225, 19_532_576, "a"), Decoder: model("prompt_encoder_mask_decoder.onnx", 213_114, 20_958_208, "0"),
	}, "", "  ")
	if err != nil || string(got)+"\n" != string(want) {
		t.Errorf("written is\n%s, not\n%s (%v)", got, want, err)
	}
}

func TestNetworkOfAFolderIsWhole(t *testing.T) {
	digest := strings.Repeat("a", 64)
	manifest := func(path string, bytes int64) []byte {
		file := site.File{Path: path, Bytes: bytes, SHA256: digest}
		data, err := json.Marshal(site.Network{Format: site.Format, Encoder: site.Model{Graph: file, Data: file}, Decoder: site.Model{Graph: file, Data: file}})
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for says, files := range map[string]fstest.MapFS{
		"":                         {"network.json": {Data: manifest("/network/e", 3)}, "network/e": {Data: []byte("abc")}},
		"network.json: file does":  {},
		"unexpected end":           {"network.json": {Data: []byte("{")}},
		"of the format":            {"network.json": {Data: []byte(site.None)}},
		"network/e: file does not": {"network.json": {Data: manifest("/network/e", 3)}},
		"is incomplete":            {"network.json": {Data: manifest("/network/e", 3)}, "network/e": {Data: []byte("ab")}},
		`a file "/network/../e"`:   {"network.json": {Data: manifest("/network/../e", 3)}, "e": {Data: []byte("abc")}},
	} {
		_, err := site.Read(files)
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("the error is %v; it should say %q", err, says)
		}
	}
}
