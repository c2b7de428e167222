package infra

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Artifacts is a checkout whose functions and page have been built.
type Artifacts struct{ Root string }

// functionParts names the four functions.
var functionParts = []string{"extract", "notify", "api", "sweep"}

// Check returns an error for a checkout whose functions or page are not built.
func (a Artifacts) Check() error {
	var problems []error
	for _, part := range functionParts {
		if _, err := a.zipped(part); err != nil {
			problems = append(problems, err)
		}
	}
	if _, err := a.page(); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// zipped packs a function's program as Lambda runs it and returns the archive's
// path. Name, time and mode in the archive are fixed, so that an unchanged
// program gives the same bytes and a preview shows no change.
func (a Artifacts) zipped(function string) (string, error) {
	program := filepath.Join(a.Root, "dist", "lambda", function, "bootstrap")
	content, err := os.ReadFile(program) // #nosec G304 -- built from this checkout
	if err != nil {
		return "", fmt.Errorf("reading the program of function %s: %w; run make functions first", function, err)
	}
	archive, err := zipProgram(content)
	if err != nil {
		return "", fmt.Errorf("packing function %s: %w", function, err)
	}
	path := filepath.Join(a.Root, "dist", "lambda", function+".zip")
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, archive) { // #nosec G304 -- as above
		return path, nil
	}
	// Concurrent runs write the same bytes; the rename keeps either from
	// reading an incomplete file.
	part, err := os.CreateTemp(filepath.Dir(path), function+"-*.part")
	if err != nil {
		return "", fmt.Errorf("writing the archive of function %s: %w", function, err)
	}
	_, err = part.Write(archive)
	if closed := part.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(part.Name(), path)
	}
	if err != nil {
		_ = os.Remove(part.Name())
		return "", fmt.Errorf("writing the archive of function %s: %w", function, err)
	}
	return path, nil
}

func zipProgram(program []byte) ([]byte, error) {
	var buffer bytes.Buffer
	archive := zip.NewWriter(&buffer)
	header := &zip.FileHeader{
		Name:   "bootstrap",
		Method: zip.Deflate,
		// The earliest time of the ZIP format.
		Modified: time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC),
	}
	header.SetMode(0o755)
	entry, err := archive.CreateHeader(header)
	if err != nil {
		return nil, err
	}
	if _, err := entry.Write(program); err != nil {
		return nil, err
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}
