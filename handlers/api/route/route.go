// Package route lists the routes of the HTTP API. The API function serves
// them, the Pulumi program makes API Gateway's routes of them, and the
// one-machine mode's gateway matches requests with them.
package route

import (
	"net/http"
	"strings"
)

// Route is one method of one path.
type Route struct {
	Name   string // in the names of the resources that are made of it
	Method string // or [Any]
	Path   string // as in openapi.yaml; the last part may be {jobId}
	Public bool   // needs no access token
}

// Any is API Gateway's word for the methods of a path that have no route of
// their own.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
const Any = "ANY"

// The operations that openapi.yaml describes.
var (
	Create   = Route{Name: "create", Method: http.MethodPost, Path: "/api/jobs"}
	List     = Route{Name: "list", Method: http.MethodGet, Path: "/api/jobs"}
	Show     = Route{Name: "show", Method: http.MethodGet, Path: "/api/jobs/{jobId}"}
	Remove   = Route{Name: "delete", Method: http.MethodDelete, Path: "/api/jobs/{jobId}"}
	Describe = Route{Name: "openapi", Method: http.MethodGet, Path: "/api/openapi.yaml", Public: true}
)

// Operations are the routes that do something.
var Operations = []Route{Create, List, Show, Remove, Describe}

// Gateway are the routes of the gateway: the operations and, for each path, the
// other methods, which the function refuses with 405 and the header Allow.
// Without these the gateway would answer 404 for them.
var Gateway = append(Operations[:len(Operations):len(Operations)],
	Route{Name: "jobs-other", Method: Any, Path: Create.Path},
	Route{Name: "job-other", Method: Any, Path: Show.Path},
	Route{Name: "openapi-other", Method: Any, Path: Describe.Path, Public: true},
)

// Key is API Gateway's route key, such as GET /api/jobs.
func (r Route) Key() string { return r.Method + " " + r.Path }

// jobID is the one variable part of a path.
const jobID = "{jobId}"

// Match compares a request's path with the route's and returns the job ID in
// it, which is empty for a path without one.
func (r Route) Match(path string) (id string, ok bool) {
	prefix, ok := strings.CutSuffix(r.Path, jobID)
	if !ok {
		return "", r.Path == path
	}
	id, ok = strings.CutPrefix(path, prefix)
	return id, ok && id != "" && !strings.Contains(id, "/")
}

// Find returns the route that a gateway selects for a request: the one of the
// method before that of any method.
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
