// Package route lists the routes of the HTTP API. The API function serves them,
// the Pulumi program creates the routes of API Gateway from them, and the
// gateway of the one-machine mode matches requests against them.
package route

import (
	"net/http"
	"strings"
)

// Route is a method and a path.
type Route struct {
	Name   string // part of the names of the route's resources
	Method string // or [Any]
	Path   string // as in openapi.yaml; one part may be {jobId}
	Public bool   // accessible without an access token
}

// Any matches the methods of a path that have no route of their own.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
const Any = "ANY"

// The operations that openapi.yaml describes.
var (
	Create   = Route{Name: "create", Method: http.MethodPost, Path: "/api/jobs"}
	List     = Route{Name: "list", Method: http.MethodGet, Path: "/api/jobs"}
	Show     = Route{Name: "show", Method: http.MethodGet, Path: "/api/jobs/{jobId}"}
	Remove   = Route{Name: "delete", Method: http.MethodDelete, Path: "/api/jobs/{jobId}"}
	Start    = Route{Name: "start", Method: http.MethodPost, Path: "/api/jobs/{jobId}/start"}
	Wake     = Route{Name: "wake", Method: http.MethodPost, Path: "/api/wake"}
	Describe = Route{Name: "openapi", Method: http.MethodGet, Path: "/api/openapi.yaml", Public: true}
)

// Operations are the routes of the operations.
var Operations = []Route{Create, List, Show, Remove, Start, Wake, Describe}

// Gateway are the routes of the gateway: the operations and, for each path, a
// route for all other methods, which the function answers with 405 and the
// header Allow. Without it the gateway would answer 404.
var Gateway = append(Operations[:len(Operations):len(Operations)],
	Route{Name: "jobs-other", Method: Any, Path: Create.Path},
	Route{Name: "job-other", Method: Any, Path: Show.Path},
	Route{Name: "start-other", Method: Any, Path: Start.Path},
	Route{Name: "wake-other", Method: Any, Path: Wake.Path},
	Route{Name: "openapi-other", Method: Any, Path: Describe.Path, Public: true},
)

// Key returns API Gateway's route key, such as GET /api/jobs.
func (r Route) Key() string { return r.Method + " " + r.Path }

// jobID is the only path variable.
const jobID = "{jobId}"

// For returns the path for a job.
func (r Route) For(id string) string { return strings.Replace(r.Path, jobID, id, 1) }

// Match reports whether path matches the route. It returns the job ID in the
// path, or "" for a route without one.
func (r Route) Match(path string) (id string, ok bool) {
	before, after, ok := strings.Cut(r.Path, jobID)
	if !ok {
		return "", r.Path == path
	}
	rest, ok := strings.CutPrefix(path, before)
	id, ends := strings.CutSuffix(rest, after)
	return id, ok && ends && id != "" && !strings.Contains(id, "/")
}

// Find returns the route that API Gateway selects for a request. A route with
// the request's method takes precedence over one for [Any].
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
func Find(routes []Route, method, path string) (found Route, ok bool) {
	for _, r := range routes {
		if _, matches := r.Match(path); !matches {
			continue
		}
		switch r.Method {
		case method:
			return r, true
		case Any:
			found, ok = r, true
		}
	}
	return found, ok
}
