package infra

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Statement is one statement of an IAM policy. It allows, unless Deny is set.
type Statement struct {
	Sid       string
	Deny      bool
	Actions   []string             // each written out; a wildcard that allows fails the tests
	Resources []pulumi.StringInput // ARNs
	// Any stands in place of Resources where no ARN can be given. It says why,
	// and becomes the statement's Sid so that a reader of the rendered policy
	// finds the reason.
	Any *AnyResource
	// Services are the service principals of a resource's policy, and Accounts
	// its AWS principals by ARN. Both are empty in the policy of a role.
	Services []string
	Accounts []pulumi.StringInput
	Everyone bool // the principal "*", only ever in a Deny
	// Conditions are operator → key → value.
	Conditions map[string]map[string]pulumi.Input
}

// AnyResource is a reason why a statement's resource is "*".
type AnyResource struct {
	Sid string // the statement's
	Why string // one sentence
	// Actions are all that may be allowed for this reason.
	Actions []string
}

// The reasons for every resource "*" in the program.
var (
	anyImageLogin = &AnyResource{
		Sid:     "AnyResourceImageLogin",
		Why:     "ecr:GetAuthorizationToken knows no resource: the token is for the account's registry, and what it may pull is limited by the other statements.",
		Actions: []string{"ecr:GetAuthorizationToken"},
	}
	anyNetworkInterface = &AnyResource{
		Sid:     "AnyResourceNetworkInterface",
		Why:     "A function or model in a VPC makes and deletes its own network interfaces, whose ids are not known before, and the Describe actions know no resource.",
		Actions: slices.Concat(functionNetworkActions, modelNetworkActions),
	}
	anyMetric = &AnyResource{
		Sid:     "AnyResourceMetric",
		Why:     "cloudwatch:PutMetricData knows no resource; the condition limits it to the namespaces of SageMaker's containers and of Gen3D.",
		Actions: []string{"cloudwatch:PutMetricData"},
	}
	anyKeyItself = &AnyResource{
		Sid:     "AnyResourceKeyItself",
		Why:     "In the policy of a key the resource \"*\" means that key and no other.",
		Actions: slices.Concat(keyAdminActions, keyUseActions),
	}
	anyKeyItselfServices = &AnyResource{
		Sid:     "AnyResourceKeyItselfServices",
		Why:     "In the policy of a key the resource \"*\" means that key and no other.",
		Actions: keyUseActions,
	}
	anyKeyItselfLogs = &AnyResource{
		Sid:     "AnyResourceKeyItselfLogs",
		Why:     "In the policy of a key the resource \"*\" means that key and no other.",
		Actions: keyUseActions,
	}
)

// AnyResources lists every reason, for tests and for the documents.
func AnyResources() []AnyResource {
	return []AnyResource{*anyImageLogin, *anyNetworkInterface, *anyMetric, *anyKeyItself, *anyKeyItselfServices, *anyKeyItselfLogs}
}

// What Lambda and SageMaker do in a VPC by the role of a function or model.
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html
// https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
var (
	functionNetworkActions = []string{
		"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
		"ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
	}
	modelNetworkActions = []string{
		"ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface",
		"ec2:DeleteNetworkInterfacePermission", "ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces",
		"ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints", "ec2:DescribeVpcs",
	}
)

// policy renders statements. The order of keys is fixed, so an unchanged policy
// stays unchanged in every preview.
func policy(statements ...Statement) pulumi.StringOutput {
	rendered := make(pulumi.Array, len(statements))
	for i, s := range statements {
		rendered[i] = s.render()
	}
	return pulumi.JSONMarshal(pulumi.Map{
		"Version":   pulumi.String("2012-10-17"),
		"Statement": rendered,
	})
}

func (s Statement) render() pulumi.Map {
	effect := "Allow"
	if s.Deny {
		effect = "Deny"
	}
	m := pulumi.Map{
		"Effect": pulumi.String(effect),
		"Action": pulumi.ToStringArray(s.Actions),
	}
	sid := s.Sid
	if s.Any != nil {
		sid = s.Any.Sid
		m["Resource"] = pulumi.String("*")
	} else if len(s.Resources) > 0 {
		m["Resource"] = pulumi.StringArray(s.Resources)
	}
	if sid != "" {
		m["Sid"] = pulumi.String(sid)
	}
	switch {
	case s.Everyone:
		m["Principal"] = pulumi.String("*")
	case len(s.Services) > 0:
		m["Principal"] = pulumi.Map{"Service": pulumi.ToStringArray(s.Services)}
	case len(s.Accounts) > 0:
		m["Principal"] = pulumi.Map{"AWS": pulumi.StringArray(s.Accounts)}
	}
	if len(s.Conditions) > 0 {
		conditions := pulumi.Map{}
		for operator, keys := range s.Conditions {
			rendered := pulumi.Map{}
			for key, value := range keys {
				rendered[key] = value
			}
			conditions[operator] = rendered
		}
		m["Condition"] = conditions
	}
	return m
}

// assumedBy is the trust policy of a role that a service takes on, from this
// account alone.
func assumedBy(env Environment, service string) pulumi.StringOutput {
	return policy(Statement{
		Sid:      "AssumedByService",
		Actions:  []string{"sts:AssumeRole"},
		Services: []string{service},
		Conditions: map[string]map[string]pulumi.Input{
			"StringEquals": {"aws:SourceAccount": pulumi.String(env.Account)},
		},
	})
}

// assumedByLambda has no condition on the source: Lambda sends none when it
// takes on a function's role.
// https://docs.aws.amazon.com/lambda/latest/dg/permissions-executionrole-update.html
func assumedByLambda() pulumi.StringOutput {
	return policy(Statement{
		Sid:      "AssumedByLambda",
		Actions:  []string{"sts:AssumeRole"},
		Services: []string{"lambda.amazonaws.com"},
	})
}

// denyPlainHTTP refuses every request that is not over TLS. A wildcard in a Deny
// takes away and gives nothing, so action may be one.
func denyPlainHTTP(action string, resources ...pulumi.StringInput) Statement {
	return Statement{
		Sid:       "TLSOnly",
		Deny:      true,
		Actions:   []string{action},
		Resources: resources,
		Everyone:  true,
		Conditions: map[string]map[string]pulumi.Input{
			"Bool": {"aws:SecureTransport": pulumi.String("false")},
		},
	}
}

// join makes one string of parts of which some are known only when deployed.
func join(parts ...any) pulumi.StringInput {
	return pulumi.Sprintf(strings.Repeat("%s", len(parts)), parts...)
}
