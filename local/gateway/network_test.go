package gateway_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gen3d/internal/weights/site"
	"gen3d/local/gateway"
)

func TestNetworkIsServedFromItsFolder(t *testing.T) {
	folder := t.TempDir()
	file := site.File{Path: "/network/c0/encoder.onnx", Bytes: 7, SHA256: strings.Repeat("a", 64)}
	manifest, err := json.Marshal(site.Network{Format: site.Format, Encoder: site.Model{Graph: file, Data: file}, Decoder: site.Model{Graph: file, Data: file}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gateway.Network(folder, nil); err == nil || !strings.Contains(err.Error(), "gen3d weights network --folder") {
		t.Errorf("an empty folder: %v", err)
	}
	for name, data := range map[string][]byte{"network.json": manifest, "network/c0/encoder.onnx": []byte("encoder"), "secret.onnx": []byte("no")} {
		name = filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		folder, method, path string
		status               int
		body, cache          string
	}{
		{"", "GET", "/network.json", 200, site.None, "no-cache"},
		{"", "GET", "/network/c0/encoder.onnx", 404, "404 page not found\n", ""},
		{folder, "GET", "/network.json", 200, string(manifest), "no-cache"},
		{folder, "GET", "/network/c0/encoder.onnx", 200, "encoder", "public, max-age=31536000, immutable"},
		{folder, "GET", "/network/c0/other.onnx", 404, "404 page not found\n", ""},
		{folder, "GET", "/network/../secret.onnx", 404, "404 page not found\n", ""},
		{folder, "POST", "/network.json", 405, "The network can only be read.\n", ""},
	} {
		handler, err := gateway.Network(test.folder, map[string]string{"Content-Security-Policy": "default-src 'none'"})
		if err != nil {
			t.Fatal(err)
		}
		request := httptest.NewRequestWithContext(t.Context(), test.method, "http://page/", http.NoBody)
		request.URL.Path = test.path
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if answer.Code != test.status || answer.Body.String() != test.body || answer.Header().Get("Cache-Control") != test.cache {
			t.Errorf("%s %s of %q: %d %q %q", test.method, test.path, test.folder, answer.Code, answer.Body, answer.Header().Get("Cache-Control"))
		}
		if answer.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s: no policy", test.path)
		}
	}
	// The folder may change while it is served: without its manifest there is no
	// network any more.
	handler, err := gateway.Network(folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "network.json"), []byte(site.None), 0o600); err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/network.json", http.NoBody))
	if answer.Code != http.StatusOK || answer.Body.String() != site.None {
		t.Errorf("after removal: %d %q", answer.Code, answer.Body)
	}
}
