package engine

import "testing"

// setting is a change of a stack's settings.
type setting struct {
	name     string
	settings map[string]string
}

// switches are the switches of a stack, in the order in which they are changed
// on a deployed stack. Those of different resources are changed together: each
// command of the engine takes seconds of a processor, and each change of
// CloudFront almost a minute. Each list has its own stack, and the lists run in
// parallel, because most of the time is spent waiting.
var switches = map[string][]setting{
	"service": {
		{"a firewall, a domain, sign-up by anyone, one-time codes for all, warm hours, a notebook, no alarms and no budget", map[string]string{
			"gen3d:waf": "true", "gen3d:website.domain": "gen3d.example.com", "gen3d:website.certificateArn": certificate,
			"gen3d:auth.selfSignUp": "true", "gen3d:auth.mfa": "required",
			"gen3d:autoscaling.warm": "weekdays 8-18 Europe/Berlin", "gen3d:autoscaling.idleMinutes": "2",
			"gen3d:notebook.enabled": "true", "gen3d:alarms": "false", "gen3d:budget.monthlyUsd": "0",
		}},
		{"always one instance instead of warm hours, and no one-time codes", map[string]string{
			"gen3d:autoscaling.warm": "", "gen3d:autoscaling.min": "1", "gen3d:auth.mfa": "off",
		}},
		{"no autoscaling", map[string]string{"gen3d:autoscaling.enabled": "false"}},
	},
	"data": {
		{"a token for Hugging Face, a domain for mail, and jobs kept", map[string]string{"gen3d:huggingFaceToken": "hf_test", "gen3d:email.domain": "genesis3d.com", "gen3d:retention.jobsDays": "0"}},
		{"a key of the stack", map[string]string{"gen3d:encryption.kms": "true"}},
		{"a private network, and protected data", map[string]string{"gen3d:network.private": "true", "gen3d:protectData": "true"}},
		// The engine refuses to delete a protected key, so the protection is
		// removed first.
		{"protection removed", map[string]string{"gen3d:protectData": "false"}},
	},
}

// Each switch is changed on a deployed stack: no resource that holds data is
// replaced, and a preview shows no further change.
func TestEachSwitchOnADeployedStack(t *testing.T) {
	t.Parallel()
	for what, list := range switches {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			applyEach(t, list)
		})
	}
}

func applyEach(t *testing.T, list []setting) {
	s := newStack(t, "dev", withModel)
	s.up()
	before := s.dataResources()
	apply := func(settings map[string]string, what string) (back map[string]string) {
		t.Log(what)
		back = s.set(settings)
		s.up()
		s.nothingToDo("after " + what)
		s.notReplaced(before, what)
		return back
	}
	first := map[string]string{}
	for _, one := range list {
		for key, value := range apply(one.settings, one.name) {
			if _, seen := first[key]; !seen {
				first[key] = value
			}
		}
	}
	apply(first, "every switch restored")
	s.destroy()
}
