package infra

import (
	"encoding/json"
	"reflect"
	"testing"
)

// firewallInputs are the inputs of the web ACL, with the names of the
// provider's schema:
// https://www.pulumi.com/registry/packages/aws/api-docs/wafv2/webacl/
const firewallInputs = `{
  "name": "Gen3DFirewall-dev",
  "description": "Gen3D dev: page and API",
  "scope": "CLOUDFRONT",
  "defaultAction": {"allow": {}},
  "visibilityConfig": {"cloudwatchMetricsEnabled": true, "sampledRequestsEnabled": true, "metricName": "Gen3DFirewall-dev"},
  "rules": [
    {
      "name": "requests-per-address", "priority": 0, "action": {"block": {}},
      "statement": {"rateBasedStatement": {"aggregateKeyType": "IP", "limit": 2000}},
      "visibilityConfig": {"cloudwatchMetricsEnabled": true, "sampledRequestsEnabled": true, "metricName": "Gen3DRate-dev"}
    },
    {
      "name": "AWSManagedRulesAmazonIpReputationList", "priority": 1, "overrideAction": {"none": {}},
      "statement": {"managedRuleGroupStatement": {"vendorName": "AWS", "name": "AWSManagedRulesAmazonIpReputationList"}},
      "visibilityConfig": {"cloudwatchMetricsEnabled": true, "sampledRequestsEnabled": true, "metricName": "Gen3DAWSManagedRulesAmazonIpReputationList-dev"}
    },
    {
      "name": "AWSManagedRulesCommonRuleSet", "priority": 2, "overrideAction": {"none": {}},
      "statement": {"managedRuleGroupStatement": {"vendorName": "AWS", "name": "AWSManagedRulesCommonRuleSet"}},
      "visibilityConfig": {"cloudwatchMetricsEnabled": true, "sampledRequestsEnabled": true, "metricName": "Gen3DAWSManagedRulesCommonRuleSet-dev"}
    },
    {
      "name": "AWSManagedRulesKnownBadInputsRuleSet", "priority": 3, "overrideAction": {"none": {}},
      "statement": {"managedRuleGroupStatement": {"vendorName": "AWS", "name": "AWSManagedRulesKnownBadInputsRuleSet"}},
      "visibilityConfig": {"cloudwatchMetricsEnabled": true, "sampledRequestsEnabled": true, "metricName": "Gen3DAWSManagedRulesKnownBadInputsRuleSet-dev"}
    }
  ]
}`

func TestFirewallInputsMatchTheSchema(t *testing.T) {
	var want map[string]any
	if err := json.Unmarshal([]byte(firewallInputs), &want); err != nil {
		t.Fatal(err)
	}
	var acl string // ARN
	for _, r := range mustDeploy(t, "dev", map[string]string{"gen3d:waf": "true"}) {
		switch r.TypeToken {
		case "aws:wafv2/webAcl:WebAcl":
			acl = arnOf(r.MockResourceArgs)
			inputs := r.Inputs.Mappable()
			delete(inputs, "tags")
			if data, _ := json.Marshal(inputs); !reflect.DeepEqual(inputs, want) {
				t.Errorf("the access list is registered with\n%s", data)
			}
		case "aws:cloudfront/distribution:Distribution":
			if got := r.Inputs["webAclId"]; !got.IsString() || got.StringValue() != acl || acl == "" {
				t.Errorf("the distribution has the access list %v, want %q", got, acl)
			}
		}
	}
}
