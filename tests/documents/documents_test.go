// Package documents_test checks what the documents say against the program:
// commands, tables, links. The tests of cmd/gen3d check the commands of gen3d.
package documents_test

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gen3d/infra/settings"
	"gen3d/tests/support/document"
)

const (
	root      = "../.."
	guide     = "docs/Gen3D - User Guide - 1.0.md"
	resources = "docs/Gen3D - AWS Resources - 1.0.md"
)

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// calls returns the documents' commands of one program, in blocks and inline.
func calls(t *testing.T, program string) []document.Call {
	t.Helper()
	all, err := document.All(root)
	if err != nil {
		t.Fatal(err)
	}
	inline, err := document.Inline(root, program)
	if err != nil {
		t.Fatal(err)
	}
	found := slices.DeleteFunc(append(all, inline...), func(c document.Call) bool { return c.Words[0] != program })
	if len(found) == 0 {
		t.Fatalf("the documents have no command of %s", program)
	}
	t.Logf("%d commands of %s", len(found), program)
	return found
}

func TestTheTargetsOfMakeExist(t *testing.T) {
	targets := map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^([a-z][a-z-]*):`).FindAllStringSubmatch(read(t, "Makefile"), -1) {
		targets[line[1]] = true
	}
	checked := map[string]bool{}
	for _, call := range calls(t, "make") {
		words := strings.Join(call.Words[1:], " ")
		if checked[words] {
			continue
		}
		checked[words] = true
		for _, word := range call.Words[1:] {
			if !strings.Contains(word, "=") && !targets[word] && !strings.HasSuffix(word, "/ready") {
				t.Errorf("%s: the Makefile has no target %s", call.Where, word)
			}
		}
		// make itself reads the command; nothing is run.
		dry := exec.CommandContext(t.Context(), "make", append([]string{"--dry-run", "--no-print-directory"}, call.Words[1:]...)...)
		dry.Dir = root
		if output, err := dry.CombinedOutput(); err != nil {
			t.Errorf("%s: make --dry-run %s: %v\n%s", call.Where, words, err, output)
		}
	}
}

func TestTheSettingsOfPulumiExist(t *testing.T) {
	keys := map[string]bool{"gen3d:" + settings.TokenKey: true, "gen3d:KEY": true}
	for _, key := range settings.Keys() {
		keys["gen3d:"+key.Name] = true
	}
	outputs := map[string]bool{}
	_, table, _ := strings.Cut(read(t, resources), "\n## Outputs\n")
	for _, row := range regexp.MustCompile(`(?m)^\| (\w+) \|`).FindAllStringSubmatch(table, -1) {
		outputs[row[1]] = true
	}
	for _, call := range calls(t, "pulumi") {
		words := slices.DeleteFunc(slices.Clone(call.Words[1:]), func(word string) bool { return strings.HasPrefix(word, "-") })
		switch {
		case len(words) > 2 && words[0] == "config" && words[1] == "set" && !keys[words[2]] && !strings.HasPrefix(words[2], "aws:"):
			t.Errorf("%s: there is no setting %s", call.Where, words[2])
		case len(words) > 2 && words[0] == "stack" && words[1] == "output" && !outputs[words[2]]:
			t.Errorf("%s: there is no output %s", call.Where, words[2])
		}
	}
}

// The AWS CLI's own models say which operations and options exist.
func TestTheOperationsOfTheAWSCLIExist(t *testing.T) {
	python, err := filepath.Abs(filepath.Join(root, ".venv/bin/python"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(python); err != nil {
		t.Skip("no AWS CLI here: make .venv/ready installs one")
	}
	var lines []string
	for _, call := range calls(t, "aws") {
		lines = append(lines, call.Where+"\t"+strings.Join(call.Words[1:], "\t"))
	}
	check := exec.CommandContext(t.Context(), python, "operations.py")
	check.Stdin = strings.NewReader(strings.Join(lines, "\n"))
	if output, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

var (
	link    = regexp.MustCompile(`\]\((?:<([^>]+)>|([^)\s]+))\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

// anchor is the fragment that GitHub gives a heading.
func anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			b.WriteRune('-')
		case r == '-', r == '_', r >= 'a' && r <= 'z', r >= '0' && r <= '9', r > 127 && r != '–' && r != '…':
			b.WriteRune(r)
		}
	}
	return b.String()
}

func TestTheLinksBetweenDocumentsLead(t *testing.T) {
	files, err := document.Files(root)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		for _, match := range link.FindAllStringSubmatch(read(t, file), -1) {
			target := match[1] + match[2]
			if strings.Contains(target, "://") {
				continue
			}
			found++
			name, fragment, _ := strings.Cut(target, "#")
			if name, err = url.PathUnescape(name); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(root, filepath.Dir(file), name)
			if name == "" {
				path = filepath.Join(root, file)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s links to %s, which does not exist", file, target)
				continue
			}
			if fragment == "" {
				continue
			}
			text, err := os.ReadFile(path) // #nosec G304 -- of this checkout
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(heading.FindAllStringSubmatch(string(text), -1), func(h []string) bool { return anchor(h[1]) == fragment }) {
				t.Errorf("%s links to %s, which is no heading there", file, target)
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d links were found", found)
	}
}

// Commands that do not run here say so in their first line.
func TestABlockThatNeedsAWSSaysSo(t *testing.T) {
	for _, file := range []string{guide, "docs/Gen3D - Implementation Plan - 1.0.md", "docs/runbook.md", "docs/upgrading.md"} {
		blocks, err := document.Blocks(root, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range blocks {
			if block.Info != "sh" || strings.HasPrefix(block.Text, "# needs ") {
				continue
			}
			parsed, err := block.Calls()
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range parsed {
				if slices.Contains([]string{"aws", "pulumi"}, call.Words[0]) || slices.ContainsFunc(call.Words, func(w string) bool { return w == "--stack" || strings.HasPrefix(w, "STACK=") }) {
					t.Errorf("%s: %s needs AWS, but its block does not begin with %q", call.Where, strings.Join(call.Words, " "), "# needs AWS")
				}
			}
		}
	}
}

func TestDocumentsWrap(t *testing.T) {
	for _, name := range []string{"Architecture", "Implementation Plan", "User Guide"} {
		file := fmt.Sprintf("docs/Gen3D - %s - 1.0.md", name)
		wrapped(t, file)
	}
	for _, file := range []string{"docs/growth.md", "docs/runbook.md", "docs/upgrading.md"} {
		wrapped(t, file)
	}
}

// longCode is a command that a line cannot be broken in.
var longCode = regexp.MustCompile("`[^`]{70,}`")

func wrapped(t *testing.T, file string) {
	t.Helper()
	fenced := false
	for i, line := range strings.Split(read(t, file), "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if !fenced && !strings.HasPrefix(line, "|") && len([]rune(line)) > 120 && !longCode.MatchString(line) {
			t.Errorf("%s:%d has more than 120 columns", file, i+1)
		}
	}
}
