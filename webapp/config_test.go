package webapp_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"gen3d/internal/job"
	"gen3d/webapp"
)

// src/config.test.ts reads the same file with the page's parser.
func TestConfigMatchesTheFileThatThePageParses(t *testing.T) {
	file, err := os.ReadFile("../testdata/config.json")
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Compact(&want, file); err != nil {
		t.Fatal(err)
	}
	auth := webapp.SignIn("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE", "1example23456789",
		"https://gen3d-dev.auth.us-east-1.amazoncognito.com/logout")
	config := webapp.NewConfig("us-east-1", "dev", auth, job.DefaultLimits(), job.BackendSAM3D, true)
	config.SupportEmail, config.KeptDays, config.ErasedDays = "help@example.com", 90, 30
	got, err := json.Marshal(config)
	if err != nil || string(got) != want.String() {
		t.Errorf("written is\n%s, not\n%s (%v)", got, want.String(), err)
	}
}
