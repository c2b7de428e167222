package api_test

import (
	"strings"
	"testing"

	"gen3d/handlers/api"
	"gen3d/internal/environment"
)

func TestConfigurationNamesEveryProblemAtOnce(t *testing.T) {
	for name, value := range map[string]string{"DATA_BUCKET": "", "WAKE": "never", "UPLOAD_SECONDS": "0", "DOWNLOAD_SECONDS": "700000"} {
		t.Setenv(name, value)
	}
	_, err := environment.Read[api.Config]()
	for _, name := range []string{"DATA_BUCKET", "SAGEMAKER_ENDPOINT_NAME", "WAKE", "UPLOAD_SECONDS", "DOWNLOAD_SECONDS"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in %v", name, err)
		}
	}
	t.Setenv("LIMITS", `{"maxObjects":0}`)
	if _, err := environment.Read[api.Config](); err == nil || !strings.Contains(err.Error(), "maxObjects") {
		t.Errorf("LIMITS gives %v", err)
	}
	for name, value := range map[string]string{"DATA_BUCKET": "b", "SAGEMAKER_ENDPOINT_NAME": "e", "WAKE": "alarm", "UPLOAD_SECONDS": "60", "DOWNLOAD_SECONDS": "60", "LIMITS": `{"maxObjects":4}`} {
		t.Setenv(name, value)
	}
	if c, err := environment.Read[api.Config](); err != nil || c.Limits.MaxObjects != 4 || c.Limits.MinBox != 8 {
		t.Errorf("a sound environment is read as %+v (%v)", c, err)
	}
}
