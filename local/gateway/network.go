package gateway

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"gen3d/internal/weights/site"
)

// Network serves the network with which the page finds masks, as the site's
// bucket does: the manifest, and the files that it names, which never change.
// folder has the layout of the site; it may change meanwhile. Empty means that
// there is no network.
func Network(folder string, headers map[string]string) (http.Handler, error) {
	n := networkFiles{headers: headers}
	if folder != "" {
		n.files = os.DirFS(folder)
		if _, err := site.Read(n.files); err != nil {
			return nil, fmt.Errorf("opening the network in %s: %w; fetch it with gen3d weights network --folder %s", folder, err, folder)
		}
	}
	return n, nil
}

type networkFiles struct {
	files   fs.FS // nil: none
	headers map[string]string
}

func (n networkFiles) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range n.headers {
		w.Header().Set(name, value)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "The network can only be read.", http.StatusMethodNotAllowed)
		return
	}
	var network site.Network // without a complete one, there is none
	if n.files != nil {
		network, _ = site.Read(n.files)
	}
	if r.URL.Path == "/"+site.Manifest {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-cache")
		if network.Format == "" {
			_, _ = w.Write([]byte(site.None))
			return
		}
		http.ServeFileFS(w, r, n.files, site.Manifest)
		return
	}
	for _, file := range network.Files() {
		if file.Path != "" && r.URL.Path == file.Path {
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			http.ServeFileFS(w, r, n.files, strings.TrimPrefix(file.Path, "/"))
			return
		}
	}
	http.NotFound(w, r)
}
