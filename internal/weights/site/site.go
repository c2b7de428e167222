// Package site defines how a site has the neural network with which the page
// finds masks: a manifest, and the files that it names. The site is the folder
// public/ of the data bucket, or the folder of gen3d local --network.
//
// Package transfer brings the files there; webapp/src/masks/network reads them.
package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// Network is the manifest, /network.json, which is written last.
// webapp/src/masks/network/Manifest.ts parses it.
type Network struct {
	// Format is [Format]; the page ignores any other.
	Format     string `json:"format"`
	Repository string `json:"repository"`
	Commit     string `json:"commit"`
	Encoder    Model  `json:"encoder"`
	Decoder    Model  `json:"decoder"`
}

// Model is a model in ONNX: its graph, and the weights, which the graph
// knows by the name of their file.
type Model struct {
	Graph File `json:"graph"`
	Data  File `json:"data"`
}

// File is a file of the network, at a path that changes with its
// content.
type File struct {
	Path   string `json:"path"` // on the page's origin, below /network/
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // lower-case hexadecimal digits
}

const (
	// Manifest is the name of the manifest on the page's origin.
	Manifest = "network.json"
	// Folder is the folder of the network's files there.
	Folder = "network/"
	// None is the content of the manifest if there is no network: the page's
	// request for it does not fail.
	None = "{}"
	// Format names the inputs and outputs of the two models: those of
	// SAM 2.1 and EdgeTAM as onnx-community publishes them.
	Format = "sam2-1"
)

var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Files returns all files.
func (n Network) Files() []File {
	return []File{n.Encoder.Graph, n.Encoder.Data, n.Decoder.Graph, n.Decoder.Data}
}

// Read returns the network of a folder with the layout of the site.
// It checks that the manifest is complete, and that every file is there in its
// size.
func Read(folder fs.FS) (Network, error) {
	data, err := fs.ReadFile(folder, Manifest)
	if err != nil {
		return Network{}, fmt.Errorf("reading the network's manifest: %w", err)
	}
	var n Network
	if err := json.Unmarshal(data, &n); err != nil {
		return Network{}, fmt.Errorf("reading %s: %w", Manifest, err)
	}
	if n.Format != Format {
		return Network{}, fmt.Errorf("%s is of the format %q, not %q", Manifest, n.Format, Format)
	}
	for _, file := range n.Files() {
		name, ok := strings.CutPrefix(file.Path, "/")
		if !ok || !strings.HasPrefix(name, Folder) || !fs.ValidPath(name) || !sha256Form.MatchString(file.SHA256) {
			return Network{}, fmt.Errorf("%s names a file %q with the digest %q", Manifest, file.Path, file.SHA256)
		}
		info, err := fs.Stat(folder, name)
		if err != nil {
			return Network{}, fmt.Errorf("reading the network: %w", err)
		}
		if info.Size() != file.Bytes || file.Bytes <= 0 {
			return Network{}, errors.New("the network's file " + name + " is incomplete")
		}
	}
	return n, nil
}
