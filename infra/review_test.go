package infra

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// docs/aws-review.md has a row for each type of resource that the program can
// create, with AWS's document.
func TestEveryResourceTypeIsReviewed(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "docs", "aws-review.md"))
	if err != nil {
		t.Fatal(err)
	}
	reviewed := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.HasPrefix(cells[1], " `") { // a heading
			continue
		}
		if !strings.Contains(cells[3], "](https://") && !strings.Contains(cells[3], "no document") {
			t.Errorf("the row names no document: %s", strings.TrimSpace(line))
		}
		for _, name := range strings.Split(cells[1], ",") {
			reviewed[strings.Trim(strings.TrimSpace(name), "`")] = true
		}
	}
	missing := map[string]bool{}
	for _, settings := range []map[string]string{
		{"gen3d:model.enabled": "true", "gen3d:notebook.enabled": "true", "gen3d:network.private": "true", "gen3d:autoscaling.warm": "weekdays 8-18 UTC"},
		{"gen3d:model.enabled": "true", "gen3d:encryption.kms": "true", "gen3d:waf": "true", "gen3d:budget.monthlyUsd": "10"},
	} {
		for _, r := range mustDeploy(t, "prod", settings) {
			module, name, ok := strings.Cut(strings.TrimPrefix(r.TypeToken, "aws:"), "/")
			if !ok {
				continue
			}
			_, name, _ = strings.Cut(name, ":")
			if kind := module + "." + name; !reviewed[kind] && !missing[kind] {
				missing[kind] = true
				t.Errorf("docs/aws-review.md has no row for %s", kind)
			}
		}
	}
}
