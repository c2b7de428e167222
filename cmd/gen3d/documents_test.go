package main

import (
	"bytes"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gen3d/tests/support/document"
)

// checkout is found before a local S3 changes the process's working directory.
var checkout, errCheckout = filepath.Abs("../..")

// Every gen3d command in the documents, with its options, is one that the
// program accepts.
func TestTheCommandsOfTheDocumentsExist(t *testing.T) {
	if errCheckout != nil {
		t.Fatal(errCheckout)
	}
	calls, err := document.All(checkout)
	if err != nil {
		t.Fatal(err)
	}
	inline, err := document.Inline(checkout, "gen3d", "bin/gen3d")
	if err != nil {
		t.Fatal(err)
	}
	found, seen := 0, map[string]bool{}
	for _, call := range append(calls, inline...) {
		if program := call.Words[0]; program != "gen3d" && program != "bin/gen3d" {
			continue
		}
		found++
		line := strings.Join(call.Words[1:], "\x00")
		if seen[line] { // in several documents
			continue
		}
		seen[line] = true
		// With --help the words are parsed, and nothing is run.
		var message bytes.Buffer
		if run(t.Context(), append(slices.Clone(call.Words[1:]), "--help"), io.Discard, &message) == 0 {
			continue
		}
		t.Errorf("%s: %s: %s", call.Where, strings.Join(call.Words, " "), message.String())
	}
	if found < 20 {
		t.Errorf("only %d commands were found", found)
	}
	t.Logf("%d commands, %d different", found, len(seen))
}
