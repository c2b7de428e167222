package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// Page serves the built page as CloudFront does: files, index.html for the
// paths of the page's router, and the security headers on every response.
type Page struct {
	Files fs.FS
	// Headers are sent with every response; they include
	// Content-Security-Policy.
	Headers map[string]string
}

// NewPage returns a Page, or an error if files contain no built page.
func NewPage(files fs.FS, headers map[string]string) (*Page, error) {
	if _, err := fs.Stat(files, index); err != nil {
		return nil, fmt.Errorf("opening the page: %w; build it with make webapp/dist/index.html", err)
	}
	return &Page{Files: files, Headers: headers}, nil
}

const index = "index.html"

func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range p.Headers {
		w.Header().Set(name, value)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "The page can only be read.", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	switch info, err := fs.Stat(p.Files, name); {
	case err == nil && !info.IsDir():
		if strings.HasPrefix(name, "assets/") { // their names contain a hash of the content
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			w.Header().Set("Cache-Control", "no-cache")
		}
		http.ServeFileFS(w, r, p.Files, name)
	case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid):
		http.Error(w, "The page cannot be read.", http.StatusInternalServerError)
	case path.Ext(name) != "":
		http.NotFound(w, r)
	default:
		w.Header().Set("Cache-Control", "no-cache")
		p.serveIndex(w)
	}
}

// serveIndex writes index.html without ServeFileFS, which redirects paths that
// end in that name.
func (p *Page) serveIndex(w http.ResponseWriter) {
	data, err := fs.ReadFile(p.Files, index)
	if err != nil {
		http.Error(w, "The page cannot be read.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(data)
}
