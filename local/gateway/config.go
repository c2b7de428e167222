package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"

	"gen3d/webapp"
)

// Config serves the page's configuration, which in the cloud the stack writes
// into the bucket.
func Config(c webapp.Config) (http.Handler, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("writing the page's configuration: %w", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(data)
	}), nil
}
