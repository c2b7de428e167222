// Package gateway serves the origin that a browser uses: the page, and the API
// under /api/, as CloudFront and the HTTP API of Amazon API Gateway do in the
// cloud.
package gateway
