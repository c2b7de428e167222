package engine

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
)

// Each kind of bad setting; package infra tries every key.
func TestBadSettingsStopAPreviewWithOneMessageAndNothingRegistered(t *testing.T) {
	s := newStack(t, "dev", map[string]string{
		"gen3d:model.instanceType": "ml.g5.xlarge", // too little memory
		"gen3d:modle.enabled":      "true",         // no such key
		"gen3d:autoscaling.max":    "many",         // no number
		"gen3d:email.admin":        "nobody",       // no address
	})
	result, err := s.stack.Preview(t.Context(), optpreview.SuppressProgress())
	if err == nil {
		t.Fatalf("the preview took the settings:\n%s", result.StdOut)
	}
	said := err.Error()
	for _, want := range []string{"4 problem(s); nothing was changed", "24 GB on a GPU", "correct it to model.enabled", "no whole number", "no mail address"} {
		if n := strings.Count(said, want); n != 1 {
			t.Errorf("%q is said %d times, want once:\n%s", want, n, said)
		}
	}
	if strings.Contains(said, "gen3d:infra:") || strings.Contains(said, " aws:") {
		t.Errorf("resources were registered:\n%s", said)
	}
}
