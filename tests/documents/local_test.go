package documents_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gen3d/tests/support/document"
	"gen3d/tests/support/program"
)

// timeout limits a wait on a loaded machine; nothing here measures time.
const timeout = 5 * time.Minute

// The blocks of each document that work with the service of make run, in one
// shell. A text block after one has lines of its output, in their order; … in a
// line stands for anything.
func TestTheCommandsOfTheDocumentsRun(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s here", tool)
		}
	}
	aws, err := filepath.Abs(filepath.Join(root, ".venv/bin/aws"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(aws); err != nil {
		t.Skip("no AWS CLI here: make .venv/ready installs one")
	}
	files, err := document.Files(root)
	if err != nil {
		t.Fatal(err)
	}
	gen3d := filepath.Join(t.TempDir(), "gen3d")
	if err := program.Build(gen3d, "gen3d/cmd/gen3d"); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, file := range files {
		blocks, err := document.Blocks(root, file)
		if err != nil {
			t.Fatal(err)
		}
		script, outputs, commands := script(t, blocks)
		if commands == 0 {
			continue
		}
		ran += commands
		t.Run(filepath.Base(file), func(t *testing.T) {
			for i, output := range runs(t, script, gen3d, aws) {
				if i < len(outputs) {
					contains(t, output, outputs[i])
				}
			}
			t.Logf("%d commands", commands)
		})
	}
	if ran == 0 {
		t.Error("no document has a block of commands that run here")
	}
}

// separator is printed after each block.
const separator = "-- end of the block --"

// script joins the local blocks, with the lines of output that each must have,
// and counts their commands.
func script(t *testing.T, blocks []document.Block) (text string, outputs []string, commands int) {
	t.Helper()
	var b strings.Builder
	for i, block := range blocks {
		if block.Info != document.Local {
			continue
		}
		calls, err := block.Calls()
		if err != nil {
			t.Fatal(err)
		}
		commands += len(calls)
		fmt.Fprintf(&b, "%s\necho '%s'\n", block.Text, separator)
		output := ""
		if i+1 < len(blocks) && blocks[i+1].Info == "text" {
			output = blocks[i+1].Text
		}
		outputs = append(outputs, output)
	}
	return b.String(), outputs, commands
}

// runs runs the script beside a service, and returns the output of each block.
func runs(t *testing.T, script, gen3d, aws string) []string {
	t.Helper()
	folder := t.TempDir()
	programs := filepath.Join(folder, "bin")
	if err := os.Mkdir(programs, 0o700); err != nil {
		t.Fatal(err)
	}
	photos, err := filepath.Abs(filepath.Join(root, "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		filepath.Join(folder, "testdata"): photos, filepath.Join(programs, "gen3d"): gen3d, filepath.Join(programs, "aws"): aws,
	} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	page, s3 := serve(t, gen3d, folder)
	script = strings.NewReplacer("http://127.0.0.1:8080", page, "http://127.0.0.1:9000", s3,
		"bin/gen3d token ", "bin/gen3d token --url "+page+" ", "bin/gen3d smoke ", "bin/gen3d smoke --url "+page+" ").Replace(script)
	shell := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	shell.Dir = folder
	shell.Env = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"))
	var problems bytes.Buffer
	shell.Stderr = &problems
	output, err := shell.Output()
	if err != nil {
		t.Fatalf("the commands: %v\n%s\n%s", err, output, problems.String())
	}
	return strings.Split(string(output), separator+"\n")
}

// serve starts the service, and returns the addresses of the page and of S3.
func serve(t *testing.T, gen3d, folder string) (page, s3 string) {
	t.Helper()
	files := filepath.Join(folder, "page")
	if err := os.Mkdir(files, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(files, "index.html"), []byte("<!doctype html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(folder, "log")) // #nosec G304 -- of this test
	if err != nil {
		t.Fatal(err)
	}
	service := exec.Command(gen3d, "local", "--addr", "127.0.0.1:0", "--s3-addr", "127.0.0.1:0", // #nosec G204 -- built above
		"--data", filepath.Join(folder, "data"), "--page", files)
	service.Stdout, service.Stderr = log, log
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = service.Process.Kill()
		_ = service.Wait()
		_ = log.Close()
	})
	for end := time.Now().Add(timeout); ; time.Sleep(50 * time.Millisecond) {
		text, err := os.ReadFile(log.Name())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nready\n") {
			addresses := regexp.MustCompile(`(?m)^  (?:page and API|S3) +(http://\S+)`).FindAllStringSubmatch(string(text), -1)
			if len(addresses) != 2 {
				t.Fatalf("the service printed no two addresses:\n%s", text)
			}
			return strings.TrimSuffix(addresses[0][1], "/"), strings.TrimSuffix(addresses[1][1], "/")
		}
		if time.Now().After(end) {
			t.Fatalf("the service was not ready in time:\n%s", text)
		}
	}
}

// contains checks that a block's output has the lines of want, in their order.
func contains(t *testing.T, output, want string) {
	t.Helper()
	rest := strings.Split(output, "\n")
	for _, line := range strings.Split(strings.TrimSpace(want), "\n") {
		if line == "" {
			continue
		}
		pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*") + "$")
		at := -1
		for i, got := range rest {
			if pattern.MatchString(got) {
				at = i
				break
			}
		}
		if at < 0 {
			t.Errorf("the document promises the line %q, which is not in the rest of the output:\n%s", line, output)
			return
		}
		rest = rest[at+1:]
	}
}
