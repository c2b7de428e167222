package route_test

import (
	"testing"

	"gen3d/handlers/api/route"
)

func TestRequestsFindTheRouteOfTheirMethodFirst(t *testing.T) {
	for _, test := range []struct{ method, path, key string }{
		{"GET", "/api/jobs", "GET /api/jobs"},
		{"POST", "/api/jobs", "POST /api/jobs"},
		{"PUT", "/api/jobs", "ANY /api/jobs"},
		{"GET", "/api/jobs/x", "GET /api/jobs/{jobId}"},
		{"HEAD", "/api/jobs/x", "ANY /api/jobs/{jobId}"},
		{"GET", "/api/jobs/", ""},
		{"GET", "/api/jobs/x/y", ""},
		{"POST", "/api/jobs/x/start", "POST /api/jobs/{jobId}/start"},
		{"GET", "/api/jobs/x/start", "ANY /api/jobs/{jobId}/start"},
		{"POST", "/api/jobs//start", ""},
		{"POST", "/api/jobs/x/y/start", ""},
		{"POST", "/api/jobs/start", "ANY /api/jobs/{jobId}"},
		{"GET", "/api", ""},
		{"GET", "/api/openapi.yaml", "GET /api/openapi.yaml"},
	} {
		key := ""
		if found, ok := route.Find(route.Gateway, test.method, test.path); ok {
			key = found.Key()
		}
		if key != test.key {
			t.Errorf("%s %s finds %q, not %q", test.method, test.path, key, test.key)
		}
	}
}

// A path without a route for the remaining methods would answer 404 for them.
func TestEveryPathHasARouteForTheOtherMethods(t *testing.T) {
	for _, operation := range route.Operations {
		found, ok := route.Find(route.Gateway, "PATCH", operation.Path)
		if !ok || found.Method != route.Any || found.Public != operation.Public {
			t.Errorf("other methods of %s find %+v", operation.Path, found)
		}
	}
	names := map[string]bool{}
	for _, r := range route.Gateway {
		if names[r.Name] {
			t.Errorf("two routes are named %s", r.Name)
		}
		names[r.Name] = true
	}
}
