package weights

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"regexp"
	"slices"
)

// Sources are the origins of the weights: sources.json, or a file with the same
// format.
//
// The models' code does not pin a revision: SAM 2 (sam2/build_sam.py), MoGe
// (MoGeModel.from_pretrained) and the download command of sam-3d-objects
// (doc/setup.md) use the hub's main branch, which can change. So sources.json
// has commits, each with that of the code (model-image/sources.txt) that is
// known to load these weights. To use others, change both, run the rehearsal
// (model-image/README.md) and push.
type Sources struct {
	Repositories []Repository `json:"repositories"`
	DINOv2       *DINOv2      `json:"dinov2,omitempty"`
	Network      *Network     `json:"network,omitempty"`
}

// Repository is a repository of Hugging Face, and the files used of it.
type Repository struct {
	Name string `json:"repository"` // owner/name
	// Revision is a branch, a tag or a commit.
	Revision string `json:"revision"`
	// Code is the code that loads the weights, as owner/name@commit on GitHub, or
	// empty.
	Code string `json:"code,omitempty"`
	// Folder is used with all its subfolders. Either it or Files is set.
	Folder string   `json:"folder,omitempty"`
	Files  []string `json:"files,omitempty"`
	// Except are files of Folder, without its name, that the worker does not load.
	// Every start of an instance would download them.
	Except []string `json:"except,omitempty"`
	// Target is the folder below [Prefix] for the files. The path there
	// contains neither the name of Folder nor the folders of Files.
	Target string `json:"target"`
}

// DINOv2 is the source of the pretrained image encoder, which torch.hub would
// fetch at load. It is needed only if a generator's checkpoint is a
// .safetensors file: other checkpoints contain these weights
// (model-image/worker/workspace.py).
type DINOv2 struct {
	// URL is the base URL of the published files (dinov2/hub/utils.py).
	URL string `json:"url"`
	// Pipeline is the file below [Prefix] that determines whether it is needed.
	Pipeline string `json:"pipeline"`
	// Target is the folder below [Prefix] that torch.hub searches.
	Target string `json:"target"`
}

// Network is the source of the network that finds masks in the browser (package
// site): two models in ONNX, each with its weights in a file beside it, of the
// same name with the suffix _data.
type Network struct {
	Repository string `json:"repository"` // owner/name
	Revision   string `json:"revision"`
	Encoder    string `json:"encoder"` // path of the graph
	Decoder    string `json:"decoder"` // likewise
	// SHA256 has the digests that files must have, by path, in lower-case
	// hexadecimal digits. A file that is not in it is verified against the hub's
	// list only.
	SHA256 map[string]string `json:"sha256,omitempty"`
}

// Paths returns the paths of the encoder's graph and weights, then the
// decoder's.
func (n Network) Paths() [4]string {
	return [4]string{n.Encoder, n.Encoder + "_data", n.Decoder, n.Decoder + "_data"}
}

//go:embed sources.json
var builtIn []byte

// BuiltIn returns the sources of sources.json.
func BuiltIn() Sources {
	sources, err := ParseSources(builtIn)
	if err != nil {
		panic(fmt.Sprintf("sources.json: %v", err)) // a test reads it
	}
	return sources
}

// repositoryName matches the names that the hub accepts
// (huggingface_hub/utils/_validators.py).
var repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$`)

// codeName is a repository of GitHub and a commit.
var codeName = regexp.MustCompile(`^[A-Za-z0-9-]+/[A-Za-z0-9._-]+@[0-9a-f]{40}$`)

// ParseSources parses a file of sources. Its error names every problem.
func ParseSources(data []byte) (Sources, error) {
	var sources Sources
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&sources); err != nil {
		return Sources{}, fmt.Errorf("reading the list of sources: %w", err)
	}
	var wrong []error
	if len(sources.Repositories) == 0 {
		wrong = append(wrong, errors.New("it names no repository"))
	}
	for _, r := range sources.Repositories {
		if err := r.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("repository %q: %w", r.Name, err))
		}
	}
	if d := sources.DINOv2; d != nil {
		if err := d.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("dinov2: %w", err))
		}
	}
	if n := sources.Network; n != nil {
		if err := n.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("network %q: %w", n.Repository, err))
		}
	}
	if len(wrong) > 0 {
		return Sources{}, fmt.Errorf("the list of sources cannot be used: %w", errors.Join(wrong...))
	}
	return sources, nil
}

func (r Repository) check() error {
	switch {
	case !repositoryName.MatchString(r.Name):
		return errors.New("its name is not of the form owner/name")
	case r.Revision == "":
		return errors.New("it has no revision, such as main")
	case r.Code != "" && !codeName.MatchString(r.Code):
		return fmt.Errorf("code %q is not of the form owner/name@commit", r.Code)
	case (r.Folder == "") == (len(r.Files) == 0):
		return errors.New("it needs either a folder or files")
	case len(r.Except) > 0 && r.Folder == "":
		return errors.New("except needs a folder")
	case !folder(r.Target):
		return fmt.Errorf("target %q is not a folder's path", r.Target)
	case r.Folder != "" && !folder(r.Folder):
		return fmt.Errorf("folder %q is not a folder's path", r.Folder)
	case slices.ContainsFunc(r.Files, func(f string) bool { return !folder(f) }):
		return fmt.Errorf("files %q are not paths", r.Files)
	}
	return nil
}

func (d DINOv2) check() error {
	u, err := url.Parse(d.URL)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return fmt.Errorf("url %q is not an HTTP address", d.URL)
	case !folder(d.Pipeline), !folder(d.Target):
		return errors.New("it needs a pipeline and a target")
	}
	return nil
}

// sha256Form matches the SHA-256 of a file.
var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (n Network) check() error {
	switch {
	case !repositoryName.MatchString(n.Repository):
		return errors.New("its name is not of the form owner/name")
	case n.Revision == "":
		return errors.New("it has no revision, such as main")
	case !folder(n.Encoder), !folder(n.Decoder), n.Encoder == n.Decoder:
		return errors.New("it needs the paths of an encoder and of a decoder")
	}
	paths := n.Paths()
	for path, digest := range n.SHA256 {
		if !slices.Contains(paths[:], path) || !sha256Form.MatchString(digest) {
			return fmt.Errorf("%q of %q is not the SHA-256 of one of its files", digest, path)
		}
	}
	return nil
}

// folder reports whether path is a relative path without . and .. elements and
// without a trailing slash.
func folder(path string) bool { return fs.ValidPath(path) && path != "." }
