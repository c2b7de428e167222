package infra

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Statement is a statement of an IAM policy. It allows, unless Deny is set.
type Statement struct {
	Sid       string
	Deny      bool
	Actions   []string             // no wildcards; tests refuse them in statements that allow
	Resources []pulumi.StringInput // ARNs
	// Any replaces Resources where the statement cannot name ARNs. It gives the
	// reason, and its Sid becomes the statement's, so that readers of the
	// rendered policy can find the reason.
	Any *AnyResource
	// Services are the service principals of a resource policy, Accounts its
	// AWS principals by ARN. Both are empty in the policy of a role.
	Services []string
	Accounts []pulumi.StringInput
	Everyone bool // the principal "*", only in a Deny
	// Conditions map operator to key to value.
	Conditions map[string]map[string]pulumi.Input
}

// AnyResource is the reason for a statement with the resource "*".
type AnyResource struct {
	Sid string // of the statement
	Why string // one sentence
	// Actions that may be allowed for this reason.
	Actions []string
}

// The reasons for every resource "*" in the program.
var (
	anyImageLogin = &AnyResource{
		Sid:     "AnyResourceImageLogin",
		Why:     "ecr:GetAuthorizationToken supports no resource: the token is for the account's registry, and the other statements limit what it may pull.",
		Actions: []string{"ecr:GetAuthorizationToken"},
	}
	anyNetworkInterface = &AnyResource{
		Sid:     "AnyResourceNetworkInterface",
		Why:     "A function or model in a VPC creates and deletes its own network interfaces, whose ids are not known in advance, and the Describe actions support no resource.",
		Actions: slices.Concat(functionNetworkActions, modelNetworkActions),
	}
	anyMetric = &AnyResource{
		Sid:     "AnyResourceMetric",
		Why:     "cloudwatch:PutMetricData supports no resource; the condition limits it to the namespaces of SageMaker's containers and of Gen3D.",
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

// AnyResources lists every reason.
func AnyResources() []AnyResource {
	return []AnyResource{*anyImageLogin, *anyNetworkInterface, *anyMetric, *anyKeyItself, *anyKeyItselfServices, *anyKeyItselfLogs}
}

// Actions that Lambda and SageMaker take in a VPC with the role of a function
// or model.
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

// policy renders statements as JSON. The order of keys is fixed, so that an
// unchanged policy shows no change in a preview.
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

// assumedBy returns the trust policy of a role that a service assumes, for this
// account only.
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

// assumedByLambda returns the trust policy of a function's role. It has no
// condition on the source, because Lambda sends none when it assumes the role.
// https://docs.aws.amazon.com/lambda/latest/dg/permissions-executionrole-update.html
func assumedByLambda() pulumi.StringOutput {
	return policy(Statement{
		Sid:      "AssumedByLambda",
		Actions:  []string{"sts:AssumeRole"},
		Services: []string{"lambda.amazonaws.com"},
	})
}

// denyPlainHTTP denies every request without TLS. action may be a wildcard,
// because the statement only denies.
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

// join concatenates parts of which some are known only after deployment.
func join(parts ...any) pulumi.StringInput {
	return pulumi.Sprintf(strings.Repeat("%s", len(parts)), parts...)
}
