package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// FirewallToken is the type of [Firewall].
const FirewallToken = "gen3d:infra:Firewall"

// FirewallArgs are the inputs of [NewFirewall].
type FirewallArgs struct{ Env Environment }

// Firewall is the web application firewall before CloudFront.
type Firewall struct {
	pulumi.ResourceState

	ACL *wafv2.WebAcl // the distribution
}

// requestsPerAddress is what one address may ask in five minutes. A page that
// polls every two seconds asks 150 times.
const requestsPerAddress = 2000

// NewFirewall makes the access list. CloudFront takes one of us-east-1 only, so
// the provider in opts must be of that region.
func NewFirewall(ctx *pulumi.Context, name string, args *FirewallArgs, opts ...pulumi.ResourceOption) (*Firewall, error) {
	c := &Firewall{}
	if err := ctx.RegisterComponentResource(FirewallToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D firewall %s: %w", name, err)
	}
	rules := wafv2.WebAclRuleArray{
		wafv2.WebAclRuleArgs{
			Name:     pulumi.String("requests-per-address"),
			Priority: pulumi.Int(0),
			Action:   wafv2.WebAclRuleActionArgs{Block: wafv2.WebAclRuleActionBlockArgs{}},
			Statement: wafv2.WebAclRuleStatementArgs{
				RateBasedStatement: wafv2.WebAclRuleStatementRateBasedStatementArgs{
					AggregateKeyType: pulumi.String("IP"),
					Limit:            pulumi.Int(requestsPerAddress),
				},
			},
			VisibilityConfig: ruleVisibility(args.Env, "Rate"),
		},
	}
	// AWS's own rule groups: known bad addresses, common attacks, bad inputs.
	// https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
	for i, group := range []string{"AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"} {
		rules = append(rules, wafv2.WebAclRuleArgs{
			Name:           pulumi.String(group),
			Priority:       pulumi.Int(i + 1),
			OverrideAction: wafv2.WebAclRuleOverrideActionArgs{None: wafv2.WebAclRuleOverrideActionNoneArgs{}},
			Statement: wafv2.WebAclRuleStatementArgs{
				ManagedRuleGroupStatement: wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs{
					VendorName: pulumi.String("AWS"), Name: pulumi.String(group),
				},
			},
			VisibilityConfig: ruleVisibility(args.Env, group),
		})
	}
	var err error
	if c.ACL, err = wafv2.NewWebAcl(ctx, name+"-acl", &wafv2.WebAclArgs{
		Name:          pulumi.String(args.Env.Name("Firewall")),
		Description:   pulumi.String("Gen3D " + args.Env.Stack + ": page and API"),
		Scope:         pulumi.String("CLOUDFRONT"),
		DefaultAction: wafv2.WebAclDefaultActionArgs{Allow: wafv2.WebAclDefaultActionAllowArgs{}},
		Rules:         rules,
		VisibilityConfig: wafv2.WebAclVisibilityConfigArgs{
			CloudwatchMetricsEnabled: pulumi.Bool(true),
			SampledRequestsEnabled:   pulumi.Bool(true),
			MetricName:               pulumi.String(args.Env.Name("Firewall")),
		},
	}, pulumi.Parent(c)); err != nil {
		return nil, fmt.Errorf("creating Gen3D firewall: %w", err)
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"aclArn": c.ACL.Arn}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D firewall %s: %w", name, err)
	}
	return c, nil
}

func ruleVisibility(env Environment, rule string) wafv2.WebAclRuleVisibilityConfigArgs {
	return wafv2.WebAclRuleVisibilityConfigArgs{
		CloudwatchMetricsEnabled: pulumi.Bool(true),
		SampledRequestsEnabled:   pulumi.Bool(true),
		MetricName:               pulumi.String(env.Name(rule)),
	}
}
