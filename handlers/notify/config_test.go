package notify_test

import (
	"strings"
	"testing"

	"gen3d/handlers/notify"
	"gen3d/internal/environment"
)

func TestConfigurationNamesEveryProblemAtOnce(t *testing.T) {
	for name, value := range map[string]string{
		"DATA_BUCKET": "", "USER_POOL_ID": "", "WEBSITE_URL": "example.org", "EMAIL_SENDER": "no address", "EMAIL_ADMIN": "", "LEASE_SECONDS": "0",
	} {
		t.Setenv(name, value)
	}
	_, err := environment.Read[notify.Config]()
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, name := range []string{"DATA_BUCKET", "USER_POOL_ID", "WEBSITE_URL", "EMAIL_SENDER", "EMAIL_ADMIN", "LEASE_SECONDS"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in %v", name, err)
		}
	}
}

func TestConfigurationAcceptsAValidEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"DATA_BUCKET": "b", "USER_POOL_ID": "p", "WEBSITE_URL": "https://example.org/", "EMAIL_SENDER": "Gen3D <a@example.org>", "EMAIL_ADMIN": "b@example.org",
	} {
		t.Setenv(name, value)
	}
	c, err := environment.Read[notify.Config]()
	if err != nil {
		t.Fatal(err)
	}
	if c.WebsiteURL != "https://example.org/" || c.Lease().Seconds() != 60 {
		t.Errorf("it is read as %+v", c)
	}
}
