package infra

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// FirewallToken is the type of [Firewall].
const FirewallToken = "gen3d:infra:Firewall"

// FirewallArgs are the inputs of [NewFirewall].
type FirewallArgs struct{ Env Environment }

// Firewall is the web application firewall of the CloudFront distribution.
type Firewall struct {
	pulumi.ResourceState

	ACL *WebACL // the distribution
}

// WebACL is a WAF web access control list. It is registered by its type token,
// because the SDK's package wafv2 is 12 MB of source, which takes about a
// minute to compile for this one resource. The provider checks the inputs
// against its schema:
// https://www.pulumi.com/registry/packages/aws/api-docs/wafv2/webacl/
type WebACL struct {
	pulumi.CustomResourceState

	Arn pulumi.StringOutput `pulumi:"arn"`
}

// requestsPerAddress limits the requests of one address in five minutes. A page
// that polls every two seconds makes 150.
const requestsPerAddress = 2000

// NewFirewall creates the web ACL. CloudFront accepts only those of us-east-1,
// so the provider in opts must be of that region.
func NewFirewall(ctx *pulumi.Context, name string, args *FirewallArgs, opts ...pulumi.ResourceOption) (*Firewall, error) {
	c := &Firewall{}
	if err := ctx.RegisterComponentResource(FirewallToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D firewall %s: %w", name, err)
	}
	rules := pulumi.Array{pulumi.Map{
		"name":     pulumi.String("requests-per-address"),
		"priority": pulumi.Int(0),
		"action":   pulumi.Map{"block": pulumi.Map{}},
		"statement": pulumi.Map{"rateBasedStatement": pulumi.Map{
			"aggregateKeyType": pulumi.String("IP"),
			"limit":            pulumi.Int(requestsPerAddress),
		}},
		"visibilityConfig": visibility(args.Env, "Rate"),
	}}
	// AWS's managed rule groups: known bad addresses, common attacks, bad
	// inputs.
	// https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
	for i, group := range []string{"AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"} {
		rules = append(rules, pulumi.Map{
			"name":           pulumi.String(group),
			"priority":       pulumi.Int(i + 1),
			"overrideAction": pulumi.Map{"none": pulumi.Map{}},
			"statement": pulumi.Map{"managedRuleGroupStatement": pulumi.Map{
				"vendorName": pulumi.String("AWS"), "name": pulumi.String(group),
			}},
			"visibilityConfig": visibility(args.Env, group),
		})
	}
	c.ACL = &WebACL{}
	if err := ctx.RegisterResource("aws:wafv2/webAcl:WebAcl", name+"-acl", pulumi.Map{
		"name":             pulumi.String(args.Env.Name("Firewall")),
		"description":      pulumi.String("Gen3D " + args.Env.Stack + ": page and API"),
		"scope":            pulumi.String("CLOUDFRONT"),
		"defaultAction":    pulumi.Map{"allow": pulumi.Map{}},
		"rules":            rules,
		"visibilityConfig": visibility(args.Env, "Firewall"),
	}, c.ACL, pulumi.Parent(c)); err != nil {
		return nil, fmt.Errorf("creating Gen3D firewall: %w", err)
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"aclArn": c.ACL.Arn}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D firewall %s: %w", name, err)
	}
	return c, nil
}

// visibility configures the metrics and samples of the web ACL or of a rule.
func visibility(env Environment, name string) pulumi.Map {
	return pulumi.Map{
		"cloudwatchMetricsEnabled": pulumi.Bool(true),
		"sampledRequestsEnabled":   pulumi.Bool(true),
		"metricName":               pulumi.String(env.Name(name)),
	}
}
