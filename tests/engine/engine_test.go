package engine

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

const image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/other@sha256:0000000000000000000000000000000000000000000000000000000000000000"

func TestAStackComesUpStaysTheSameAndGoes(t *testing.T) {
	s := newStack(t, "dev", map[string]string{
		"gen3d:model.enabled": "true", "gen3d:model.image": image, "gen3d:budget.monthlyUsd": "10",
	})
	if changes := s.up(); changes["create"] < 60 {
		t.Errorf("up created %d resources", changes["create"])
	}
	for op, n := range s.preview() {
		if op != apitype.OpSame {
			t.Errorf("a second up would %s %d resources", op, n)
		}
	}
	if left := s.destroy(); left != 0 {
		t.Errorf("destroy left %d resources", left)
	}
}
