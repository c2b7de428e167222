package deploy

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMakeUpHasTheSameOrder compares the recipe of make up with the steps: all
// but those for a stack that is new.
func TestMakeUpHasTheSameOrder(t *testing.T) {
	text, err := os.ReadFile("../../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	target := regexp.MustCompile(`(?m)^up:(.*)##.*\n((?:\t.*\n)+)`).FindStringSubmatch(string(text))
	if target == nil {
		t.Fatal("the Makefile has no target up")
	}
	var recipe []string
	for line := range strings.Lines(target[2]) {
		line = strings.TrimSpace(line)
		if before, _, conditional := strings.Cut(line, "$(if"); conditional {
			line = before
		}
		line = strings.NewReplacer("$(STACK)", "dev", " $(PULUMI_FLAGS)", "", "bin/gen3d", "gen3d").Replace(line)
		recipe = append(recipe, line)
	}
	only := []string{"build", "up without the model", "weights", "users", "smoke"}
	var want []string
	for _, s := range (&deployment{Options: Options{Stack: "dev"}}).steps() {
		if !slices.Contains(only, s.name) {
			want = append(want, strings.ReplaceAll(strings.Join(s.commands, "\n"), " --yes --non-interactive", ""))
		}
	}
	if !slices.Equal(recipe, want) {
		t.Errorf("make up runs %q, and a deployment %q", recipe, want)
	}
	if !strings.Contains(target[1], " artifacts ") {
		t.Errorf("make up depends on %s, not on artifacts, which a deployment builds", target[1])
	}
}
