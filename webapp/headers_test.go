package webapp_test

import (
	"strings"
	"testing"

	"gen3d/webapp"
)

func TestPolicyContainsTheOriginsOfBucketAndIssuer(t *testing.T) {
	headers, err := webapp.Headers("https://bucket.s3.us-east-1.amazonaws.com", "http://127.0.0.1:8080/oidc", "https://login.example.org")
	if err != nil {
		t.Fatal(err)
	}
	policy := headers["Content-Security-Policy"]
	directives := map[string]string{}
	for part := range strings.SplitSeq(policy, "; ") {
		name, sources, _ := strings.Cut(part, " ")
		directives[name] = sources
	}
	if directives["default-src"] != "'none'" || strings.Contains(policy, "{") || strings.Contains(strings.Replace(policy, "'wasm-unsafe-eval'", "", 1), "unsafe-") {
		t.Errorf("the policy is loose or unfilled: %s", policy)
	}
	connect := strings.Fields(directives["connect-src"])
	for _, want := range []string{"'self'", "https://bucket.s3.us-east-1.amazonaws.com", "http://127.0.0.1:8080", "https://login.example.org"} {
		if !strings.Contains(" "+strings.Join(connect, " ")+" ", " "+want+" ") {
			t.Errorf("connect-src lacks %s: %v", want, connect)
		}
	}
}
