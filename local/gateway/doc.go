// Package gateway is the one origin that a browser sees: the page, and the API
// under /api/, as CloudFront and the HTTP API of Amazon API Gateway put them
// together in the cloud.
package gateway
