package api

import (
	"context"
	_ "embed"
	"net/http"
)

// Description is openapi.yaml, which describes this API in OpenAPI 3.1.
//
//go:embed openapi.yaml
var Description string

func (h *Handler) describe(context.Context, *request) (*response, error) {
	// The media type is that of RFC 9512.
	return &response{status: http.StatusOK, text: Description, mediaType: "application/yaml"}, nil
}
