package permissions

import (
	"net/http"
	"net/http/httputil"
	"net/url"
)

// Forward returns a proxy that forwards requests to a store with their
// signatures unchanged.
func Forward(store *url.URL) http.Handler {
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(store)
		r.Out.Host = r.In.Host
	}}
}
