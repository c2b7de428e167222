package gateway

import (
	"net/http"
)

// OneHost forwards requests for one host (host:port) only. Sign-in, CORS and
// presigned links depend on that name, and the check prevents DNS rebinding: a
// foreign name that resolves to this address. GET and HEAD requests by another
// name, such as localhost, are redirected to the right one.
func OneHost(host string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host == host:
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			target := *r.URL
			target.Scheme, target.Host = "http", host
			http.Redirect(w, r, target.String(), http.StatusTemporaryRedirect)
		default:
			http.Error(w, "Use http://"+host+" to reach this service.", http.StatusMisdirectedRequest)
		}
	})
}
