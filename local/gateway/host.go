package gateway

import (
	"net/http"
)

// OneHost passes on requests for one host (host:port) only. Sign-in, CORS and
// presigned links are all bound to that name, and a page of a stranger's whose
// name was made to point here (DNS rebinding) is kept out. A reader who came by
// another name, such as localhost, is sent to the right one.
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
