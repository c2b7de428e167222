package main

import (
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"gen3d/internal/weights/hub"
	"gen3d/tests/support/program"
)

// TestEachOperatorsCommandIsDocumented looks for the examples and the rights of
// each in docs/operating.md.
func TestEachOperatorsCommandIsDocumented(t *testing.T) {
	text, err := os.ReadFile(program.Path("docs/operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	examples, rights, _ := strings.Cut(string(text), "\n## Rights\n")
	parser, err := kong.New(&commands{}, kong.Vars{"hub": hub.DefaultURL})
	if err != nil {
		t.Fatal(err)
	}
	documented := 0
	for _, leaf := range parser.Model.Leaves(true) {
		name := strings.TrimSpace(strings.Split(leaf.FullPath(), " <")[0])
		name = strings.TrimPrefix(name, parser.Model.Name+" ")
		if strings.Count(leaf.Help, "\n") > 0 || leaf.Help == "" {
			t.Errorf("%s has no line of help", name)
		}
		group := leaf.ClosestGroup()
		if group == nil || group.Key != "operate" {
			continue
		}
		documented++
		if !strings.Contains(examples, "bin/gen3d "+name+" ") {
			t.Errorf("there is no example of gen3d %s", name)
		}
		if !strings.Contains(rights, "`"+name) {
			t.Errorf("there are no rights of gen3d %s", name)
		}
	}
	if documented < 14 {
		t.Errorf("%d commands were looked for", documented)
	}
}
