package infra

import (
	goflag "flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"gen3d/infra/settings"
)

var update = goflag.Bool("update", false, "rewrite the generated documents")

// Documents in docs/ that are generated from the program.
const (
	resourcesDocument     = "Gen3D - AWS Resources - 1.0.md"
	configurationDocument = "configuration.md"
)

func TestDocsListEveryResource(t *testing.T) {
	documentIs(t, resourcesDocument, resourcesText(t))
}

func TestDocsListEveryKey(t *testing.T) {
	documentIs(t, configurationDocument, configurationText())
}

func documentIs(t *testing.T, name, want string) {
	t.Helper()
	path := filepath.Join("..", "docs", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("docs/%s is out of date; run go test ./infra -run Docs -update", name)
	}
}

// entry is a row of the table of resources: one resource of either stack.
type entry struct {
	layer, kind, name, physical string
	in                          map[string]string // by stack: yes, or with the model
}

// layerOf returns the name of the outermost component of a resource.
func layerOf(r registration) string {
	_, rest, _ := strings.Cut(r.parent, "gen3d:infra:")
	if i := strings.IndexAny(rest, ":$"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// withoutStack replaces stack and account in a name by placeholders.
func withoutStack(name, stack string) string {
	name = strings.ReplaceAll(name, testAccount, "{account}")
	return strings.ReplaceAll(name, "-"+stack, "-{stack}")
}

func physicalName(r registration) string {
	for _, property := range []string{"bucket", "name", "dashboardName", "configurationSetName", "domain", "identifier", "repositoryName", "functionName"} {
		if value, ok := r.Inputs[resource.PropertyKey(property)]; ok && value.IsString() && !strings.HasSuffix(value.StringValue(), "-id") {
			return value.StringValue()
		}
	}
	return ""
}

// allEntries lists the resources of both stacks with their settings, and of
// both with the model on.
func allEntries(t *testing.T) []entry {
	t.Helper()
	found := map[string]*entry{}
	for _, stack := range []string{"dev", "prod"} {
		for _, model := range []string{"false", "true"} {
			for _, r := range mustDeploy(t, stack, map[string]string{"gen3d:model.enabled": model}) {
				if !r.Custom || strings.HasPrefix(r.TypeToken, "pulumi:") || layerOf(r) == "Page" && r.Name != "page-index.html" && r.Name != "page-config.json" && strings.Contains(r.TypeToken, "bucketObject") {
					continue // the names of the page's other files contain hashes
				}
				name := withoutStack(r.Name, stack)
				key := layerOf(r) + " " + r.TypeToken + " " + name
				if found[key] == nil {
					found[key] = &entry{layerOf(r), r.TypeToken, name, withoutStack(physicalName(r), stack), map[string]string{}}
				}
				if found[key].in[stack] == "" {
					found[key].in[stack] = map[string]string{"false": "yes", "true": "with the model"}[model]
				}
			}
		}
	}
	list := make([]entry, 0, len(found))
	for _, key := range slices.Sorted(maps.Keys(found)) {
		list = append(list, *found[key])
	}
	return list
}

func resourcesText(t *testing.T) string {
	t.Helper()
	list := allEntries(t)
	var b strings.Builder
	b.WriteString(`# Gen3D - AWS Resources - 1.0

Generated from the program for both stacks with their settings (Pulumi.dev.yaml, Pulumi.prod.yaml); a test keeps it
current. To rewrite it: ` + "`go test ./infra -run Docs -update`" + `.

"with the model" marks a resource that exists once gen3d:model.enabled is true, after the weights are pushed. {stack} is
the stack's name and {account} the account's twelve digits. Of the page's files only index.html and config.json are
listed. [configuration.md](configuration.md) has the keys of a stack's settings.

## Count by layer

`)
	b.WriteString("| layer | description | dev | dev with the model | prod | prod with the model |\n|---|---|--:|--:|--:|--:|\n")
	counts, total := map[string]map[string]int{}, map[string]int{}
	for _, m := range list {
		if counts[m.layer] == nil {
			counts[m.layer] = map[string]int{}
		}
		for stack, when := range m.in {
			if when == "yes" {
				counts[m.layer][stack]++
				total[stack]++
			}
			counts[m.layer][stack+" with"]++
			total[stack+" with"]++
		}
	}
	for _, layer := range slices.Sorted(maps.Keys(counts)) {
		what, ok := layers[layer]
		if !ok {
			t.Errorf("no description of the layer %s; add it to layers", layer)
		}
		n := counts[layer]
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d |\n", layer, what, n["dev"], n["dev with"], n["prod"], n["prod with"])
	}
	fmt.Fprintf(&b, "| **all** | | **%d** | **%d** | **%d** | **%d** |\n", total["dev"], total["dev with"], total["prod"], total["prod with"])

	b.WriteString("\n## Resources\n")
	layer := ""
	for _, m := range list {
		if m.layer != layer {
			layer = m.layer
			fmt.Fprintf(&b, "\n### %s\n\n%s.\n\n| resource | type | name in AWS | purpose | cost driver | dev | prod |\n|---|---|---|---|---|---|---|\n", layer, layers[layer])
		}
		kind, ok := kinds[m.kind]
		if !ok {
			t.Errorf("no description of the type %s; add it to kinds", m.kind)
		}
		physical := "–"
		if m.physical != "" {
			physical = "`" + m.physical + "`"
		}
		in := func(stack string) string {
			if m.in[stack] == "" {
				return "no"
			}
			return m.in[stack]
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", m.name, strings.Split(m.kind, ":")[0]+" "+m.kind[strings.LastIndex(m.kind, ":")+1:], physical, kind.purpose, kind.cost, in("dev"), in("prod"))
	}

	b.WriteString("\n## Outputs\n\n| output | description |\n|---|---|\n")
	for _, output := range Outputs() {
		fmt.Fprintf(&b, "| %s | %s |\n", output.Name, output.Doc)
	}
	b.WriteString("\n## Resource \"*\" in policies\n\n| Sid | reason |\n|---|---|\n")
	for _, reason := range AnyResources() {
		fmt.Fprintf(&b, "| %s | %s |\n", reason.Sid, reason.Why)
	}
	b.WriteString("\n## What the tests against the emulator do not show\n\ntests/engine runs the program with the real engine and provider against an emulator of AWS's API. There:\n\n| exception | reason |\n|---|---|\n")
	for _, e := range exceptions {
		fmt.Fprintf(&b, "| %s | %s |\n", e.what, e.why)
	}
	return b.String()
}

func configurationText() string {
	var b strings.Builder
	b.WriteString("# Configuration of a stack\n\nGenerated from the program; to rewrite it: `go test ./infra -run Docs -update`. `pulumi config set gen3d:KEY VALUE` sets a\nkey. Unknown keys and invalid values are reported together, before anything is changed.\n\n| key (gen3d:) | default | description |\n|---|---|---|\n")
	for _, key := range settings.Keys() {
		standard := "–"
		if key.Default != "" {
			standard = "`" + key.Default + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", key.Name, standard, strings.ReplaceAll(key.Doc, "|", "\\|"))
	}
	b.WriteString("\n## Types of model.instanceType\n\nOne GPU needs 32 GB. Prices are for us-east-1, on demand, for estimates only: before choosing, see\nhttps://aws.amazon.com/sagemaker/ai/pricing/. \"recorded\" prices are from public repositories;\n\"estimate\" ones are unchecked.\n\n| type | GPU | GPUs | GB a GPU | $ an hour | price |\n|---|---|--:|--:|--:|---|\n")
	for _, i := range settings.Fitting() {
		source := "estimate"
		if i.PriceRecorded {
			source = "recorded"
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %.2f | %s |\n", i.Type, i.GPU, i.GPUs, i.MemoryGB, i.USDPerHour, source)
	}
	return b.String()
}
