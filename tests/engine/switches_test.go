package engine

import "testing"

// setting is one switch as it differs from the dev stack.
type setting struct {
	name     string
	settings map[string]string
}

// switches are each switch that a stack has, in the order in which a stack in
// use turns them. Each list has a stack of its own: what takes long is waiting
// for AWS, so lists side by side take the time of the longest.
var switches = map[string][]setting{
	"what watches and scales": {
		{"no notebook", map[string]string{"gen3d:notebook.enabled": "false"}},
		{"no alarms", map[string]string{"gen3d:alarms": "false"}},
		{"no budget", map[string]string{"gen3d:budget.monthlyUsd": "0"}},
		{"no reserved concurrency", map[string]string{"gen3d:functions.reserveConcurrency": "false"}},
		{"always one instance", map[string]string{"gen3d:autoscaling.min": "1"}},
		{"no autoscaling", map[string]string{"gen3d:autoscaling.enabled": "false"}},
	},
	"what the page's users meet": {
		{"a firewall", map[string]string{"gen3d:waf": "true"}},
		{"a domain for the page", map[string]string{"gen3d:website.domain": "gen3d.example.com", "gen3d:website.certificateArn": certificate}},
		{"sign-up by anyone", map[string]string{"gen3d:auth.selfSignUp": "true"}},
		{"one-time codes for all", map[string]string{"gen3d:auth.mfa": "required"}},
		{"no one-time codes", map[string]string{"gen3d:auth.mfa": "off"}},
	},
	"what holds data": {
		{"a token of Hugging Face", map[string]string{"gen3d:huggingFaceToken": "hf_test"}},
		{"a domain for mail", map[string]string{"gen3d:email.domain": "genesis3d.com"}},
		{"jobs kept", map[string]string{"gen3d:retention.jobsDays": "0"}},
		{"a key of the stack", map[string]string{"gen3d:encryption.kms": "true"}},
		{"a private network", map[string]string{"gen3d:network.private": "true"}},
		{"protected data", map[string]string{"gen3d:protectData": "true"}},
		// A protected key goes in two steps, as the engine asks.
		{"protection taken off", map[string]string{"gen3d:protectData": "false"}},
	},
}

// An operator turns one switch after the other of a stack in use: nothing that
// holds data is replaced, and each time the stack is as its settings say.
func TestEachSwitchTurnsOnAStackInUse(t *testing.T) {
	t.Parallel()
	for what, list := range switches {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			turnEach(t, list)
		})
	}
}

func turnEach(t *testing.T, list []setting) {
	s := newStack(t, "dev", withModel)
	s.up()
	before := s.keepers()
	turn := func(settings map[string]string, what string) (back map[string]string) {
		t.Log(what)
		back = s.set(settings)
		s.up()
		s.nothingToDo("after " + what)
		s.kept(before, what)
		return back
	}
	first := map[string]string{}
	for _, one := range list {
		for key, value := range turn(one.settings, one.name) {
			if _, seen := first[key]; !seen {
				first[key] = value
			}
		}
	}
	turn(first, "every switch as it was")
	s.destroy()
}
