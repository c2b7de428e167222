package api

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// leastCompressed is the length in bytes from which a body is compressed, as
// CloudFront has it for the page's files.
const leastCompressed = 1000

// compress compresses the body for a client that accepts gzip. Nothing after
// this function does: an HTTP API has no compression, and CloudFront compresses
// only what it may cache. A list of jobs has two signed URLs a job, which are
// long and alike.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
func compress(answer *events.APIGatewayV2HTTPResponse, accepted string) {
	answer.Headers["vary"] = "accept-encoding"
	if len(answer.Body) < leastCompressed || !acceptsGzip(accepted) {
		return
	}
	var body bytes.Buffer
	to := gzip.NewWriter(&body)
	_, _ = to.Write([]byte(answer.Body)) // a buffer takes everything
	_ = to.Close()
	answer.Body, answer.IsBase64Encoded = base64.StdEncoding.EncodeToString(body.Bytes()), true
	answer.Headers["content-encoding"] = "gzip"
}

// acceptsGzip reports whether a header Accept-Encoding names gzip without
// refusing it.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, parameters, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			weight, ok := strings.CutPrefix(strings.ReplaceAll(parameters, " ", ""), "q=")
			return !ok || strings.Trim(weight, "0.") != ""
		}
	}
	return false
}
