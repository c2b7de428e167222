package permissions

import (
	"net/http"
	"net/http/httputil"
	"net/url"
)

// Forward returns a proxy that forwards requests to a store with their
// signatures unchanged. Its connections are its own: closing any
// httptest.Server closes those of [http.DefaultTransport].
func Forward(store *url.URL) http.Handler {
	return &httputil.ReverseProxy{Transport: &http.Transport{}, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(store)
		r.Out.Host = r.In.Host
	}}
}
