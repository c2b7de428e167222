package engine

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
)

// badSettings has a case for each kind of invalid setting, with part of its
// message; package infra tests every key.
var badSettings = []struct{ key, value, says string }{
	{"gen3d:model.instanceType", "ml.g5.xlarge", "24 GB on a GPU"},
	{"gen3d:modle.enabled", "true", "correct it to model.enabled"},
	{"gen3d:waf", "yes", "neither true nor false"},
	{"gen3d:autoscaling.max", "many", "not an integer"},
	{"gen3d:limits.maxObjects", "1000", "limits.maxObjects"},
	{"gen3d:email.admin", "admin", "not an email address"},
	{"gen3d:website.domain", "gen3d.example.com", "set both or neither"},
	{"gen3d:autoscaling.scaleOutCooldown", "60", "at least the longest time of one object"},
	{"gen3d:logs.retentionDays", "8", "not a retention period of CloudWatch Logs"},
}

// refusesBadSettings checks that a preview reports every invalid setting at
// once. Package infra tests that each alone is refused.
func (s *stack) refusesBadSettings() {
	s.Helper()
	all := map[string]string{}
	says := []string{fmt.Sprintf("%d problems", len(badSettings))}
	for _, bad := range badSettings {
		all[bad.key] = bad.value
		says = append(says, bad.says)
	}
	back := s.set(all)
	s.refused(says...)
	s.set(back)
}

// refused checks that a preview fails, reports each of these once, and
// registers nothing.
func (s *stack) refused(says ...string) {
	s.Helper()
	result, err := s.stack.Preview(s.Context(), optpreview.SuppressProgress())
	if err == nil {
		s.Fatalf("the preview accepted settings that it must refuse with %q:\n%s", says, result.StdOut)
	}
	said := err.Error()
	for _, want := range says {
		if n := strings.Count(said, want); n != 1 {
			s.Errorf("%q is reported %d times, want once:\n%s", want, n, said)
		}
	}
	if strings.Contains(said, "gen3d:infra:") || strings.Contains(said, " aws:") {
		s.Errorf("resources were registered:\n%s", said)
	}
	if !strings.Contains(said, "code: 1\n") {
		s.Errorf("the command's exit status is not 1:\n%s", said)
	}
}
