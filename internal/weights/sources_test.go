package weights_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"gen3d/internal/weights"
)

func TestBuiltInSourcesHaveTheWorkersFolders(t *testing.T) {
	sources := weights.BuiltIn()
	targets := map[string]string{}
	for _, r := range sources.Repositories {
		targets[r.Target] = r.Name
	}
	for target, name := range map[string]string{
		"sam3d": "facebook/sam-3d-objects", "moge": "Ruicheng/moge-vitl", "sam2": "facebook/sam2.1-hiera-large",
	} {
		if targets[target] != name {
			t.Errorf("%s/ comes from %q, want %s", target, targets[target], name)
		}
	}
	if sources.DINOv2 == nil || sources.DINOv2.Target != "dinov2/hub/checkpoints" {
		t.Errorf("DINOv2 is %+v; torch.hub looks in dinov2/hub/checkpoints", sources.DINOv2)
	}
	if !strings.HasPrefix(weights.RecordKey, weights.Prefix) || strings.HasPrefix(weights.UploadsPrefix, weights.Prefix) {
		t.Error("the record belongs below the mounted prefix, the state of uploads outside it")
	}
}

// The image has the code of model-image/sources.txt.
func TestBuiltInSourcesArePinnedWithTheCodeOfTheImage(t *testing.T) {
	data, err := os.ReadFile("../../model-image/sources.txt")
	if err != nil {
		t.Fatal(err)
	}
	image := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) == 3 {
			image[fields[1]+"@"+fields[2]] = true
		}
	}
	for _, r := range weights.BuiltIn().Repositories {
		if !regexp.MustCompile("^[0-9a-f]{40}$").MatchString(r.Revision) {
			t.Errorf("%s is at %s, which is not a commit", r.Name, r.Revision)
		}
		if !image[r.Code] {
			t.Errorf("%s is known to work with %q, which the image does not have", r.Name, r.Code)
		}
	}
}

// The page knows one network by its inputs and outputs, not by its name: another
// commit could change them.
func TestBuiltInNetworkIsPinnedWithItsDigests(t *testing.T) {
	network := weights.BuiltIn().Network
	if network == nil || !regexp.MustCompile("^[0-9a-f]{40}$").MatchString(network.Revision) || len(network.SHA256) != len(network.Paths()) {
		t.Errorf("the network is %+v", network)
	}
}

func TestInvalidSourcesAreRefused(t *testing.T) {
	for says, text := range map[string]string{
		"no repository":       `{"repositories": []}`,
		"owner/name":          `{"repositories": [{"repository": "x", "revision": "main", "folder": "a", "target": "b"}]}`,
		"no revision":         `{"repositories": [{"repository": "a/b", "folder": "a", "target": "b"}]}`,
		"owner/name@commit":   `{"repositories": [{"repository": "a/b", "revision": "main", "code": "a/b@main", "folder": "a", "target": "b"}]}`,
		"except needs":        `{"repositories": [{"repository": "a/b", "revision": "main", "files": ["a"], "except": ["b"], "target": "b"}]}`,
		"either a folder":     `{"repositories": [{"repository": "a/b", "revision": "main", "target": "b"}]}`,
		`target "../b"`:       `{"repositories": [{"repository": "a/b", "revision": "main", "folder": "a", "target": "../b"}]}`,
		`folder "/a"`:         `{"repositories": [{"repository": "a/b", "revision": "main", "folder": "/a", "target": "b"}]}`,
		`files ["a" "../b"`:   `{"repositories": [{"repository": "a/b", "revision": "main", "files": ["a", "../b"], "target": "b"}]}`,
		"unknown field":       `{"repositories": [], "repos": 1}`,
		"an encoder":          `{"repositories": [{"repository": "a/b", "revision": "main", "files": ["a"], "target": "b"}], "network": {"repository": "a/b", "revision": "main", "encoder": "../e", "decoder": "d"}}`,
		"not the SHA-256":     `{"repositories": [{"repository": "a/b", "revision": "main", "files": ["a"], "target": "b"}], "network": {"repository": "a/b", "revision": "main", "encoder": "e", "decoder": "d", "sha256": {"e": "x"}}}`,
		"not an HTTP address": `{"repositories": [{"repository": "a/b", "revision": "main", "folder": "a", "target": "b"}], "dinov2": {"url": "file:///x", "pipeline": "p", "target": "t"}}`,
	} {
		if _, err := weights.ParseSources([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: the error is %v; it should say %q", text, err, says)
		}
	}
}

func FuzzAcceptedSourcesHaveValidPaths(f *testing.F) {
	text, err := json.Marshal(weights.BuiltIn())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(`{"repositories": [{"repository": "a/b", "revision": "main", "files": [".."], "target": "./b"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		sources, err := weights.ParseSources([]byte(text))
		if err != nil {
			return
		}
		for _, r := range sources.Repositories {
			for _, path := range append(r.Files, r.Target) {
				if strings.HasPrefix(path, "/") || strings.Contains("/"+path+"/", "/../") {
					t.Errorf("path %q was accepted", path)
				}
			}
		}
	})
}
