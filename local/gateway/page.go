package gateway

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// Page serves the built page as CloudFront does: files, index.html for the
// paths of the page's router, the security headers on every response, and
// compression.
type Page struct {
	Files fs.FS
	// Headers are sent with every response; they include
	// Content-Security-Policy.
	Headers map[string]string

	compressed http.Handler
}

// CloudFront compresses files of these sizes, in bytes, and of these media
// types, among others that the page does not have.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
const leastCompressed = 1000

var compressedTypes = []string{
	"application/javascript", "application/json", "application/wasm", "image/svg+xml", "text/css", "text/html", "text/javascript", "text/plain",
}

// NewPage returns a Page, or an error if files contain no built page.
func NewPage(files fs.FS, headers map[string]string) (*Page, error) {
	if _, err := fs.Stat(files, index); err != nil {
		return nil, fmt.Errorf("opening the page: %w; build it with make webapp/dist/index.html", err)
	}
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(leastCompressed), gzhttp.ContentTypes(compressedTypes),
		gzhttp.CompressionLevel(gzip.BestCompression), gzhttp.EnableZstd(false))
	if err != nil {
		return nil, fmt.Errorf("preparing the page's compression: %w", err)
	}
	p := &Page{Files: files, Headers: headers}
	p.compressed = compress(http.HandlerFunc(p.serve))
	return p, nil
}

const index = "index.html"

func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.compressed.ServeHTTP(w, r) }

func (p *Page) serve(w http.ResponseWriter, r *http.Request) {
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
