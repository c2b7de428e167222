package engine

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

const modelImage = "123456789012.dkr.ecr.us-east-1.amazonaws.com/other@sha256:0000000000000000000000000000000000000000000000000000000000000000"

// withModel turns the endpoint on.
var withModel = map[string]string{"gen3d:model.enabled": "true", "gen3d:model.image": modelImage}

// A new stack, with the notebook and the testers' identities, is brought up
// without a model, then with it.
func TestDevDeploysAndServes(t *testing.T) {
	t.Parallel()
	s := newStack(t, "dev", map[string]string{"gen3d:notebook.enabled": "true", "gen3d:email.verify": "info@2112-lab.com,tester@example.com"})
	s.refusesBadSettings()
	if created := s.up()["create"]; created < 90 {
		t.Errorf("the first up created %d resources", created)
	}
	s.nothingToDo("after the first up")
	if list, ok := s.outputs["unverifiedEmails"].Value.([]any); !ok || !slices.Contains(list, any("tester@example.com")) {
		t.Errorf("unverifiedEmails is %v, without the tester's address", s.outputs["unverifiedEmails"].Value)
	}
	s.set(withModel)
	if changes := s.up(); changes["delete"]+changes["replace"] != 0 {
		t.Errorf("the model's up did %v", changes)
	}
	checkFunctions(s)
	for op, n := range s.up() {
		if op != string(apitype.OpSame) {
			t.Errorf("a second up did %s to %d resources", op, n)
		}
	}
	s.destroy()
}

// everySwitch turns every switch of a stack on.
var everySwitch = map[string]string{
	"gen3d:model.enabled": "true", "gen3d:model.image": modelImage, "gen3d:autoscaling.min": "1",
	"gen3d:encryption.kms": "true", "gen3d:waf": "true", "gen3d:network.private": "true", "gen3d:notebook.enabled": "true",
	"gen3d:email.domain": "genesis3d.com", "gen3d:auth.selfSignUp": "true", "gen3d:auth.mfa": "required",
	"gen3d:retention.jobsDays": "14", "gen3d:budget.monthlyUsd": "10", "gen3d:huggingFaceToken": "hf_test",
	"gen3d:website.domain": "gen3d.example.com", "gen3d:website.certificateArn": certificate,
}

const certificate = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"

func TestProdWithEverySwitchKeepsItsData(t *testing.T) {
	t.Parallel()
	s := newStack(t, "prod", everySwitch)
	if created := s.up()["create"]; created < 120 {
		t.Errorf("up created %d resources", created)
	}
	s.nothingToDo("after the first up")

	// AWS cannot change a model or its configuration; the endpoint is updated
	// to new ones in place and keeps its queue.
	before := s.dataResources()
	s.set(map[string]string{"gen3d:model.maxConcurrency": "4", "gen3d:retention.jobsDays": "30"})
	s.up()
	s.nothingToDo("after changed settings")
	s.notReplaced(before, "changed settings")

	// destroy fails on protected resources, and keeps them with
	// --exclude-protected.
	if output, err := s.pulumi("destroy", "--yes", "--skip-preview"); err == nil || !strings.Contains(output, "protected") {
		t.Errorf("destroy deleted protected data: %v\n%s", err, output)
	}
	if output, err := s.pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected"); err != nil {
		t.Fatalf("destroying what is not protected: %v\n%s", err, output)
	}
	var left []string
	for _, r := range s.resources() {
		switch {
		case strings.HasPrefix(r.Type, "aws:") && !r.Protect:
			t.Errorf("destroy left %s", r.URN)
		case strings.HasPrefix(r.Type, "aws:"):
			left = append(left, r.Type)
		}
	}
	slices.Sort(left)
	if want := []string{
		"aws:cognito/userPool:UserPool", "aws:ecr/repository:Repository", "aws:kms/key:Key",
		"aws:s3/bucketOwnershipControls:BucketOwnershipControls", "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
		"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
		"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
		"aws:s3/bucketV2:BucketV2", "aws:s3/bucketV2:BucketV2",
		"aws:s3/bucketVersioningV2:BucketVersioningV2", "aws:s3/bucketVersioningV2:BucketVersioningV2",
		"aws:secretsmanager/secret:Secret",
	}; !slices.Equal(left, want) {
		t.Errorf("destroy left %v, want %v", left, want)
	}

	// Another up creates the rest around the data. Without protection the stack
	// can be destroyed.
	s.up()
	maps.DeleteFunc(before, func(urn string, _ time.Time) bool { return strings.Contains(urn, "sagemaker") })
	s.notReplaced(before, "tear-down and up")
	s.set(map[string]string{"gen3d:protectData": "false"})
	s.up()
	s.destroy()
}

// dataResources returns the creation times, by URN, of resources that hold data
// or requests. No setting may replace them. A replacement has the same name and
// so the same id, but another time.
func (s *stack) dataResources() map[string]time.Time {
	s.Helper()
	created := map[string]time.Time{}
	for _, r := range s.resources() {
		switch r.Type {
		case "aws:s3/bucketV2:BucketV2", "aws:sagemaker/endpoint:Endpoint", "aws:cognito/userPool:UserPool":
			created[r.URN] = r.Created
		}
	}
	if len(created) < 3 {
		s.Fatalf("the state has only %v of buckets, users and endpoint", created)
	}
	return created
}

// notReplaced checks that none of these resources was replaced.
func (s *stack) notReplaced(before map[string]time.Time, why string) {
	s.Helper()
	after := s.dataResources()
	for urn, created := range before {
		if !after[urn].Equal(created) {
			s.Errorf("%s replaced %s", why, urn)
		}
	}
}
