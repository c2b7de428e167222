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

// explained are the findings above low that stand, with the reason.
var explained = []struct{ policy, issue, why string }{
	{
		"encryption-key policy", "UNKNOWN_CONDITION_FOR_ACTION",
		"CloudWatch Logs asks for kms:DescribeKey in the same statement as the rest: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
	},
	{
		"encryption-key policy", "MISMATCHED_TYPE",
		"The scanner takes the condition key kms:EncryptionContext:aws:logs:arn for any string; CloudWatch Logs puts an ARN there, and AWS's own policy compares it as one (same page).",
	},
}

// rendered are the policies of a stack, by the resource they are of. The
// program's own rules for them are in policiesAreNarrow.
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

// A policy under another property, or inside one, would be looked at by neither
// the scanner nor the program's own rules.
func TestEveryPolicyOfTheProgramIsLookedAt(t *testing.T) {
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
					t.Errorf("%s: %s %s holds a policy in its property %s, where nobody looks", name, r.TypeToken, r.Name, property)
				}
				if name == "prod with everything" {
					kinds[r.TypeToken+" "+string(property)]++
				}
			}
		}
	}
	// What each of these kinds may do is worth a look when one comes or goes.
	want := map[string]int{
		"aws:iam/role:Role assumeRolePolicy": 8, "aws:iam/rolePolicy:RolePolicy policy": 8,
		"aws:s3/bucketPolicy:BucketPolicy policy": 2, "aws:kms/key:Key policy": 1,
		"aws:sns/topicPolicy:TopicPolicy policy": 1, "aws:sqs/queuePolicy:QueuePolicy policy": 1,
	}
	if !maps.Equal(kinds, want) {
		t.Errorf("the policies of prod with everything are %v, want %v", kinds, want)
	}
}

// holdsPolicy looks for the JSON of one, however deep.
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

func TestAScannerFindsNothingInThePolicies(t *testing.T) {
	python := filepath.Join("..", "tests", "engine", ".venv", "bin", "python")
	if err := exec.Command(python, "-c", "import parliament").Run(); err != nil {
		t.Skip("the policy scanner parliament is not installed: run tests/engine/setup")
	}
	all := variants()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if name != "dev" && name != "prod" && !strings.HasSuffix(name, "with everything") {
			continue // each switch alone has no policies but these
		}
		t.Run(name, func(t *testing.T) {
			policies := rendered(mustDeploy(t, all[name].stack, all[name].settings))
			// A policy that the scanner must find fault with shows that it looks.
			policies["bait"] = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::bucket"]}]}`
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
			baited, low := false, 0
			for _, f := range findings {
				reason := slices.ContainsFunc(explained, func(e struct{ policy, issue, why string }) bool {
					return e.policy == f.Policy && e.issue == f.Issue && e.why != ""
				})
				switch {
				case f.Policy == "bait":
					baited = baited || f.Severity != "LOW"
				case f.Severity == "LOW":
					low++
					t.Logf("low: %s: %s: %s", f.Policy, f.Issue, f.Detail)
				case !reason:
					t.Errorf("%s: %s %s: %s", f.Policy, f.Severity, f.Issue, f.Detail)
				}
			}
			if !baited {
				t.Error("the scanner finds no fault with a faulty policy")
			}
			t.Logf("%d policies, %d findings of low severity", len(policies)-1, low)
		})
	}
}
