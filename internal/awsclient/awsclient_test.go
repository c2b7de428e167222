package awsclient_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/awsclient"
)

// environment sets the variables of the SDK, so that those of the machine have
// no effect.
func environment(t *testing.T, values map[string]string) {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "",
		"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "",
		"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": "", awsclient.PathStyleVariable: "",
	} {
		t.Setenv(name, value)
	}
	for name, value := range values {
		t.Setenv(name, value)
	}
}

func TestClientUsesEndpointAndPathStyle(t *testing.T) {
	asked := make(chan string, 1)
	store := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.URL.Path
	}))
	defer store.Close()
	environment(t, map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL_S3": store.URL, awsclient.PathStyleVariable: "true",
	})
	cfg, err := awsclient.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	in := &s3.HeadObjectInput{Bucket: aws.String("data"), Key: aws.String("a b")}
	if _, err := awsclient.S3(cfg).HeadObject(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	if got := <-asked; got != "HEAD /data/a b" {
		t.Errorf("the store was asked %q", got)
	}
}

func TestLoadRefusesInvalidEnvironments(t *testing.T) {
	for _, test := range []struct {
		name, says string
		values     map[string]string
	}{
		{"no region", "AWS_REGION", nil},
		{"path style that is no boolean", awsclient.PathStyleVariable, map[string]string{"AWS_REGION": "us-east-1", awsclient.PathStyleVariable: "maybe"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			environment(t, test.values)
			if _, err := awsclient.Load(context.Background()); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("the error is %v; it should name %s", err, test.says)
			}
		})
	}
}
