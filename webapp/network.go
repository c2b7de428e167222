package webapp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// Network is /network.json: the neural network with which the page finds masks.
// src/masks/network/Manifest.ts parses it. A site without one has [NoNetwork]
// there, so that the page's request does not fail.
type Network struct {
	// Format is [NetworkFormat]; the page ignores any other.
	Format     string       `json:"format"`
	Repository string       `json:"repository"`
	Commit     string       `json:"commit"`
	Encoder    NetworkModel `json:"encoder"`
	Decoder    NetworkModel `json:"decoder"`
}

// NetworkModel is a model in ONNX: its graph, and the weights, which the graph
// knows by the name of their file.
type NetworkModel struct {
	Graph NetworkFile `json:"graph"`
	Data  NetworkFile `json:"data"`
}

// NetworkFile is a file of the network, at a path that changes with its
// content.
type NetworkFile struct {
	Path   string `json:"path"` // on the page's origin, below /network/
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // lower-case hexadecimal digits
}

const (
	// NetworkManifest is the name of the manifest on the page's origin.
	NetworkManifest = "network.json"
	// NetworkFolder is the folder of the network's files there.
	NetworkFolder = "network/"
	// NoNetwork is the content of the manifest if there is no network.
	NoNetwork = "{}"
	// NetworkFormat names the inputs and outputs of the two models: those of
	// SAM 2.1 and EdgeTAM as onnx-community publishes them.
	NetworkFormat = "sam2-1"
)

var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Files returns all files.
func (n Network) Files() []NetworkFile {
	return []NetworkFile{n.Encoder.Graph, n.Encoder.Data, n.Decoder.Graph, n.Decoder.Data}
}

// ReadNetwork returns the network of a folder with the same layout as the site.
// It checks that the manifest is complete, and that every file is there in its
// size.
func ReadNetwork(folder fs.FS) (Network, error) {
	data, err := fs.ReadFile(folder, NetworkManifest)
	if err != nil {
		return Network{}, fmt.Errorf("reading the network's manifest: %w", err)
	}
	var n Network
	if err := json.Unmarshal(data, &n); err != nil {
		return Network{}, fmt.Errorf("reading %s: %w", NetworkManifest, err)
	}
	if n.Format != NetworkFormat {
		return Network{}, fmt.Errorf("%s is of the format %q, not %q", NetworkManifest, n.Format, NetworkFormat)
	}
	for _, file := range n.Files() {
		name, ok := strings.CutPrefix(file.Path, "/")
		if !ok || !strings.HasPrefix(name, NetworkFolder) || !fs.ValidPath(name) || !sha256Form.MatchString(file.SHA256) {
			return Network{}, fmt.Errorf("%s names a file %q with the digest %q", NetworkManifest, file.Path, file.SHA256)
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
