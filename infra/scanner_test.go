package infra

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// explained are findings above low severity that are accepted, with the reason.
var explained = []struct{ policy, issue, why string }{
	{
		"encryption-key policy", "UNKNOWN_CONDITION_FOR_ACTION",
		"CloudWatch Logs documents kms:DescribeKey in the same statement as the other actions: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
	},
	{
		"encryption-key policy", "MISMATCHED_TYPE",
		"To the scanner the condition key kms:EncryptionContext:aws:logs:arn is a string; its value is an ARN, and AWS's own policy compares it as one (same page).",
	},
}

// rendered returns the policies of a stack by their resources.
// policiesAreNarrow checks the program's own rules for them.
func rendered(seen []registration) map[string]string {
	policies := map[string]string{}
	for _, r := range seen {
		for _, property := range []string{"policy", "assumeRolePolicy"} {
			if value, ok := r.Inputs[resource.PropertyKey(property)]; ok && value.IsString() && strings.Contains(value.StringValue(), "Statement") {
				policies[r.Name+" "+property] = value.StringValue()
			}
		}
	}
	return policies
}

// A policy in another property, or inside one, would be checked neither by the
// scanner nor by the program's own rules.
func TestEveryPolicyIsScanned(t *testing.T) {
	all := variants()
	kinds := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		seen := mustDeploy(t, all[name].stack, all[name].settings)
		policies := rendered(seen)
		for _, r := range seen {
			for property, value := range r.Inputs {
				if !holdsPolicy(value) {
					continue
				}
				if _, ok := policies[r.Name+" "+string(property)]; !ok {
					t.Errorf("%s: %s %s has a policy in its property %s, which is not scanned", name, r.TypeToken, r.Name, property)
				}
				if name == "prod with everything" {
					kinds[r.TypeToken+" "+string(property)]++
				}
			}
		}
	}
	// A new kind of policy needs a review.
	want := map[string]int{
		"aws:iam/role:Role assumeRolePolicy": 8, "aws:iam/rolePolicy:RolePolicy policy": 8,
		"aws:s3/bucketPolicy:BucketPolicy policy": 2, "aws:kms/key:Key policy": 1,
		"aws:sns/topicPolicy:TopicPolicy policy": 1, "aws:sqs/queuePolicy:QueuePolicy policy": 1,
	}
	if !maps.Equal(kinds, want) {
		t.Errorf("the policies of prod with everything are %v, want %v", kinds, want)
	}
}

// holdsPolicy reports whether a value contains a policy's JSON, at any depth.
func holdsPolicy(value resource.PropertyValue) bool {
	switch {
	case value.IsSecret():
		return holdsPolicy(value.SecretValue().Element)
	case value.IsString():
		return strings.Contains(value.StringValue(), `"Effect"`)
	case value.IsArray():
		return slices.ContainsFunc(value.ArrayValue(), holdsPolicy)
	case value.IsObject():
		return slices.ContainsFunc(slices.Collect(maps.Values(value.ObjectValue())), holdsPolicy)
	}
	return false
}

func TestScannerAcceptsThePolicies(t *testing.T) {
	python := filepath.Join("..", "tests", "engine", ".venv", "bin", "python")
	if err := exec.Command(python, "-c", "import parliament").Run(); err != nil {
		t.Skip("the policy scanner parliament is not installed: run tests/engine/setup")
	}
	all := variants()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if name != "dev" && name != "prod" && !strings.HasSuffix(name, "with everything") {
			continue // a single switch adds no other policies
		}
		t.Run(name, func(t *testing.T) {
			policies := rendered(mustDeploy(t, all[name].stack, all[name].settings))
			// A faulty policy shows that the scanner works.
			policies["faulty"] = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::bucket"]}]}`
			given, err := json.Marshal(policies)
			if err != nil {
				t.Fatal(err)
			}
			scan := exec.Command(python, filepath.Join("..", "tests", "engine", "scan.py"))
			scan.Stdin, scan.Stderr = bytes.NewReader(given), os.Stderr
			output, err := scan.Output()
			if err != nil {
				t.Fatal(err)
			}
			var findings []struct{ Policy, Severity, Issue, Detail string }
			if err := json.Unmarshal(output, &findings); err != nil {
				t.Fatal(err)
			}
			faultFound, low := false, 0
			for _, f := range findings {
				reason := slices.ContainsFunc(explained, func(e struct{ policy, issue, why string }) bool {
					return e.policy == f.Policy && e.issue == f.Issue && e.why != ""
				})
				switch {
				case f.Policy == "faulty":
					faultFound = faultFound || f.Severity != "LOW"
				case f.Severity == "LOW":
					low++
					t.Logf("low: %s: %s: %s", f.Policy, f.Issue, f.Detail)
				case !reason:
					t.Errorf("%s: %s %s: %s", f.Policy, f.Severity, f.Issue, f.Detail)
				}
			}
			if !faultFound {
				t.Error("the scanner accepts a faulty policy")
			}
			t.Logf("%d policies, %d findings of low severity", len(policies)-1, low)
		})
	}
}
