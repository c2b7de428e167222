package permissions

import (
	"net/http"
	"net/http/httputil"
	"net/url"
)

// Forward passes requests on to a store as they are signed.
func Forward(store *url.URL) http.Handler {
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(store)
		r.Out.Host = r.In.Host
	}}
}
