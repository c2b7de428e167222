package infra

import "testing"

func TestTestersBecomeIdentities(t *testing.T) {
	identities := map[string]bool{}
	for _, r := range mustDeploy(t, "dev", map[string]string{"gen3d:email.verify": "info@2112-lab.com, tester@example.com"}) {
		if r.TypeToken == "aws:sesv2/emailIdentity:EmailIdentity" {
			identities[r.Inputs["emailIdentity"].StringValue()] = true
		}
	}
	for _, address := range []string{"noreply@genesis3d.com", "info@2112-lab.com", "tester@example.com"} {
		if !identities[address] {
			t.Errorf("%s is no identity of SES", address)
		}
	}
}
