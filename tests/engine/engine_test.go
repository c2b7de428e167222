package engine

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

const modelImage = "123456789012.dkr.ecr.us-east-1.amazonaws.com/other@sha256:0000000000000000000000000000000000000000000000000000000000000000"

func TestAStackComesUpStaysTheSameAndGoes(t *testing.T) {
	s := newStack(t, "dev", map[string]string{
		"gen3d:model.enabled": "true", "gen3d:model.image": modelImage, "gen3d:budget.monthlyUsd": "10",
	})
	if changes := s.up(); changes["create"] < 60 {
		t.Errorf("up created %d resources", changes["create"])
	}
	theFunctionsServe(s)
	for op, n := range s.up() {
		if op != string(apitype.OpSame) {
			t.Errorf("a second up did %s to %d resources", op, n)
		}
	}
	if left := s.destroy(); left != 0 {
		t.Errorf("destroy left %d resources", left)
	}
}

func TestEverySwitchComesUpStaysTheSameAndGoes(t *testing.T) {
	s := newStack(t, "prod", map[string]string{
		"gen3d:model.enabled": "true", "gen3d:model.image": modelImage, "gen3d:budget.monthlyUsd": "10",
		"gen3d:encryption.kms": "true", "gen3d:waf": "true", "gen3d:network.private": "true",
		"gen3d:email.domain": "genesis3d.com", "gen3d:auth.selfSignUp": "true", "gen3d:auth.mfa": "required",
		"gen3d:retention.jobsDays": "14",
		"gen3d:protectData":        "false", // or destroy, rightly, would refuse
	})
	s.up()
	for op, n := range s.preview() {
		if op != apitype.OpSame {
			t.Errorf("a second up would %s %d resources", op, n)
		}
	}
	// A model and its configuration cannot be changed at AWS; the endpoint moves
	// to new ones in place, with its queue.
	s.set("gen3d:model.maxConcurrency", "3")
	s.set("gen3d:retention.jobsDays", "30")
	s.preview()
	want := []string{"aws:sagemaker/endpointConfiguration:EndpointConfiguration", "aws:sagemaker/model:Model"}
	if got := s.replaced(); !slices.Equal(got, want) {
		t.Errorf("changing settings replaces %v, want %v", got, want)
	}
	if left := s.destroy(); left != 0 {
		t.Errorf("destroy left %d resources", left)
	}
}
