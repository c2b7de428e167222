package api_test

import (
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/handlers/api"
	"gen3d/handlers/api/route"
	"gen3d/internal/bucket"
	"gen3d/tests/support/s3test"
)

// FuzzRequests sends arbitrary paths, queries and bodies to a function whose S3
// does not answer: a request that passes the checks is answered with an
// internal error, and every other one with a client error.
func FuzzRequests(f *testing.F) {
	f.Add("POST", "/api/jobs", "", catJPEG, "application/json", false)
	f.Add("POST", "/api/jobs", "", `{"objects":[{"box":[1,2,3,4,5]}]}`, "application/json", false)
	f.Add("POST", "/api/jobs", "", `{"options":{"quality":"high","faces":1e3}}`, "application/json", false)
	f.Add("POST", "/api/jobs", "", "e30=", "application/json;charset=x", true)
	f.Add("POST", "/api/jobs", "", masked, "application/json", false)
	f.Add("POST", "/api/jobs", "", `{"from":{"jobId":"7yx2k0n5qs1v8m3c9b4d6f0g2h"},"objects":[{"mask":{"copy":2}},{"points":[[1,2]]}],"options":{"seed":3}}`, "application/json", false)
	f.Add("GET", "/api/jobs", "7yx2k0n5qs1v8m3c9b4d6f0g2h", "", "", false)
	for _, r := range route.Operations {
		f.Add(r.Method, r.For("7yx2k0n5qs1v8m3c9b4d6f0g2h"), "", "", "", false)
	}
	f.Add("DELETE", "/api/jobs/../x", "", "", "", false)
	client := s3.New(s3.Options{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		HTTPClient: &http.Client{Transport: unreachable{}}, Retryer: aws.NopRetryer{},
	})
	h := api.New(config(), api.Services{
		S3: client, Bucket: bucket.New(client, s3test.Bucket), Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	f.Fuzz(func(t *testing.T, method, path, cursor, body, contentType string, base64 bool) {
		event := events.APIGatewayV2HTTPRequest{
			RawPath: path, Body: body, IsBase64Encoded: base64, Headers: map[string]string{"content-type": contentType},
			QueryStringParameters: map[string]string{"cursor": cursor},
		}
		event.RequestContext.HTTP.Method = method
		event.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: map[string]string{"sub": "u"}},
		}
		a, err := h.Handle(t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		if a.StatusCode == http.StatusOK && path == "/api/openapi.yaml" {
			return
		}
		var p problem
		if err := json.Unmarshal([]byte(a.Body), &p); err != nil || a.StatusCode < 400 || p.Status != a.StatusCode || p.Detail == "" {
			t.Errorf("%d: %s (%v)", a.StatusCode, a.Body, err)
		}
		if a.StatusCode == http.StatusInternalServerError && !strings.HasPrefix(path, "/api/jobs") {
			t.Errorf("%s %q is a fault of ours", method, path)
		}
	})
}
