package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gen3d/internal/weights"
	"gen3d/internal/weights/site"
	"gen3d/tests/support/hubtest"
)

func TestNetworkIsBroughtToAFolderAndRemoved(t *testing.T) {
	t.Setenv("HF_TOKEN", "")
	h := hubtest.New(t)
	network := *weights.BuiltIn().Network
	var files []hubtest.File
	for _, path := range network.Paths() {
		files = append(files, hubtest.File{Path: path, Size: 1000, LFS: true})
	}
	h.Add(network.Repository, network.Revision, files...)
	folder := filepath.Join(t.TempDir(), "network")
	command := []string{"weights", "network", "--folder", folder, "--hub", h.URL}

	// The hub of the test has other bytes than the built-in list wants.
	if status, _, stderr := gen3d(t, command...); status != 1 || !strings.Contains(stderr, "have the digest sha256:") {
		t.Errorf("with wrong bytes it ended with %d, stderr %q", status, stderr)
	}
	network.SHA256 = nil
	sources, err := json.Marshal(weights.Sources{Repositories: weights.BuiltIn().Repositories, Network: &network})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(t.TempDir(), "sources.json")
	if err := os.WriteFile(list, sources, 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := gen3d(t, append(command, "--sources", list)...)
	want := folder + " has the network " + network.Repository + " @ " + network.Revision + ", 4.0 kB: the page finds masks with it.\n"
	if status != 0 || stdout != want || !strings.Contains(stderr, "verified "+network.Encoder+"_data, 1.0 kB\n") {
		t.Errorf("it ended with %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	if _, err := site.Read(os.DirFS(folder)); err != nil {
		t.Error(err)
	}
	if status, stdout, _ := gen3d(t, append(command, "--remove")...); status != 0 || !strings.Contains(stdout, "no network any more") {
		t.Errorf("removal ended with %d, stdout %q", status, stdout)
	}
	if _, err := site.Read(os.DirFS(folder)); err == nil {
		t.Error("the folder still has a network")
	}
	if status, _, stderr := gen3d(t, "weights", "network"); status != 2 || !strings.Contains(stderr, "--stack") {
		t.Errorf("without a place it ended with %d, stderr %q", status, stderr)
	}
}
