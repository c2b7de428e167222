package infra

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

const (
	architectureDocument = "Gen3D - Architecture - 1.0.md"
	diagramBegin         = "<!-- Generated from the program's policies and triggers: go test ./infra -run Docs -update -->\n"
	diagramEnd           = "<!-- End of the generated diagram -->\n"
)

// The diagram of AWS resources in the architecture document has exactly the
// accesses that the stack's policies, permissions and triggers grant.
func TestDocsDrawWhoUsesWhom(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", architectureDocument))
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begun := strings.Cut(string(text), diagramBegin)
	_, after, ended := strings.Cut(rest, diagramEnd)
	if !begun || !ended {
		t.Fatalf("docs/%s has no lines %q and %q around the diagram", architectureDocument, diagramBegin, diagramEnd)
	}
	seen := mustDeploy(t, "dev", map[string]string{"gen3d:model.enabled": "true"})
	documentIs(t, architectureDocument, before+diagramBegin+diagram(usesOf(t, seen))+diagramEnd+after)
}

// node is a box of the diagram.
type node struct{ id, label string }

// nodes are in the order in which the layout places them.
var nodes = []node{
	{"browser", "browser"},
	{"cloudfront", "CloudFront"},
	{"cognito", "Cognito<br>user pool"},
	{"gateway", "API Gateway<br>HTTP API"},
	{"scheduler", "EventBridge<br>Scheduler"},
	{"api", "API<br>Lambda"},
	{"extract", "Extract<br>Lambda"},
	{"sweep", "Sweep<br>Lambda"},
	{"notify", "Notify<br>Lambda"},
	{"data", "data bucket<br>S3"},
	{"endpoint", "asynchronous endpoint<br>SageMaker"},
	{"model", "model bucket<br>S3"},
	{"registry", "model image<br>ECR"},
	{"errors", "error topic<br>SNS"},
	{"success", "success topic<br>SNS"},
	{"letters", "dead letters<br>SQS"},
	{"scaling", "Application<br>Auto Scaling"},
	{"mail", "SES"},
	{"cloudwatch", "CloudWatch<br>alarms"},
	{"budgets", "Budgets"},
	{"alerts", "alarm topic<br>SNS"},
	{"admin", "admin"},
}

// users are the roles' policies, by the resource of the policy.
var users = map[string]string{
	"api-policy": "api", "extract-policy": "extract", "notify-policy": "notify", "sweep-policy": "sweep",
	"inference-policy": "endpoint", "functions-scheduler-policy": "scheduler",
}

// services are the principals of resources' policies and permissions.
var services = map[string]string{
	"apigateway.amazonaws.com": "gateway", "s3.amazonaws.com": "data", "sns.amazonaws.com": "errors",
	"cloudfront.amazonaws.com": "cloudfront", "cloudwatch.amazonaws.com": "cloudwatch", "budgets.amazonaws.com": "budgets",
	"ses.amazonaws.com": "mail",
}

// targets map a part of an ARN to its node. The first match counts.
var targets = []struct{ part, node string }{
	{":function:Gen3DExtract", "extract"}, {":function:Gen3DNotify", "notify"}, {":function:Gen3DApi", "api"}, {":function:Gen3DSweep", "sweep"},
	{":s3:::gen3d-dev-data", "data"}, {":s3:::gen3d-dev-model", "model"}, {":endpoint/", "endpoint"}, {":repository/", "registry"},
	{"SAMError", "errors"}, {"SAMSuccess", "success"}, {"Alarms-dev", "alerts"}, {":sqs:", "letters"}, {":userpool/", "cognito"}, {":ses:", "mail"},
}

// verbs name what an action does. Actions on logs and metrics, which every part
// has, are not drawn.
var verbs = map[string]string{
	"s3:GetObject": "read", "s3:GetObjectVersion": "read", "s3:ListBucket": "read",
	"s3:PutObject": "write", "s3:AbortMultipartUpload": "write", "s3:DeleteObject": "delete", "s3:DeleteObjectVersion": "delete",
	"sagemaker:InvokeEndpointAsync": "queue requests", "sagemaker:DescribeEndpoint": "start", "sagemaker:UpdateEndpointWeightsAndCapacities": "start",
	"sns:Publish": "publish", "sqs:SendMessage": "failed events", "cognito-idp:AdminGetUser": "addresses",
	"ses:SendEmail": "mails", "ses:SendRawEmail": "mails", "lambda:InvokeFunction": "run",
	"ecr:BatchGetImage": "pull", "ecr:GetDownloadUrlForLayer": "pull", "ecr:BatchCheckLayerAvailability": "pull", "ecr:GetAuthorizationToken": "pull",
}

// order is that of the verbs at one arrow; events are drawn dotted.
var (
	order  = []string{"queue requests", "read", "write", "delete", "start"}
	events = []string{"run", "publish", "failed events", "mail"}
)

// arrow is one user and what it uses.
type arrow struct{ from, to string }

// usesOf returns what each part of the stack may do to another.
func usesOf(t *testing.T, seen []registration) map[arrow][]string {
	t.Helper()
	uses := map[arrow][]string{}
	add := func(from, to, verb string) {
		if from != "" && to != "" && verb != "" && from != to && !slices.Contains(uses[arrow{from, to}], verb) {
			uses[arrow{from, to}] = append(uses[arrow{from, to}], verb)
		}
	}
	for _, r := range seen {
		switch r.TypeToken {
		case "aws:iam/rolePolicy:RolePolicy":
			user, ok := users[r.Name]
			if !ok {
				t.Errorf("the diagram has no user for the policy %s; add it to users", r.Name)
			}
			eachAllowed(t, r, func(_, action, resource string) { add(user, target(resource), verb(t, action)) })
		case "aws:s3/bucketPolicy:BucketPolicy", "aws:sns/topicPolicy:TopicPolicy", "aws:sqs/queuePolicy:QueuePolicy":
			eachAllowed(t, r, func(service, action, resource string) { add(services[service], target(resource), verb(t, action)) })
		case "aws:lambda/permission:Permission":
			add(services[r.Inputs["principal"].StringValue()], target(":function:"+r.Inputs["function"].StringValue()), "run")
		case "aws:sns/topicSubscription:TopicSubscription":
			if r.Inputs["protocol"].StringValue() == "email" {
				add("alerts", "admin", "mail")
			}
		case "aws:cloudfront/distribution:Distribution":
			for _, origin := range r.Inputs["origins"].ArrayValue() {
				if _, custom := origin.ObjectValue()[resource.PropertyKey("customOriginConfig")]; custom {
					add("cloudfront", "gateway", "/api")
				}
			}
			add("browser", "cloudfront", "page, API")
		case "aws:apigatewayv2/authorizer:Authorizer":
			add("gateway", "cognito", "token keys")
		case "aws:cognito/userPoolClient:UserPoolClient":
			add("browser", "cognito", "sign-in")
		case "aws:s3/bucketCorsConfigurationV2:BucketCorsConfigurationV2":
			add("browser", "data", "presigned links")
		case "aws:appautoscaling/target:Target":
			add("scaling", "endpoint", "start, stop")
		case "aws:cloudwatch/metricAlarm:MetricAlarm":
			if layerOf(r) == "Scaling" {
				add("cloudwatch", "scaling", "backlog, idle")
			}
		}
	}
	return uses
}

func verb(t *testing.T, action string) string {
	t.Helper()
	if strings.HasPrefix(action, "logs:") || strings.HasPrefix(action, "cloudwatch:") {
		return ""
	}
	name, ok := verbs[action]
	if !ok {
		t.Errorf("the diagram has no verb for %s; add it to verbs", action)
	}
	return name
}

func target(arn string) string {
	for _, known := range targets {
		if strings.Contains(arn, known.part) {
			return known.node
		}
	}
	return ""
}

// eachAllowed calls use for each service, action and resource of a policy's
// Allow statements.
func eachAllowed(t *testing.T, r registration, use func(service, action, resource string)) {
	t.Helper()
	for _, statement := range r.json(t, "policy")["Statement"].([]any) {
		s := statement.(map[string]any)
		if s["Effect"] != "Allow" {
			continue
		}
		service := ""
		if principal, ok := s["Principal"].(map[string]any); ok {
			service = list(principal["Service"])[0]
		}
		for _, action := range list(s["Action"]) {
			for _, resource := range list(s["Resource"]) {
				use(service, action, resource)
			}
		}
	}
}

// diagram draws the uses in Mermaid.
func diagram(uses map[arrow][]string) string {
	var b strings.Builder
	b.WriteString("\n```mermaid\nflowchart TB\n")
	place := map[string]int{}
	for i, n := range nodes {
		place[n.id] = i
		fmt.Fprintf(&b, "  %s[\"%s\"]\n", n.id, n.label)
	}
	for _, a := range slices.SortedFunc(maps.Keys(uses), func(a, b arrow) int {
		if a.from != b.from {
			return place[a.from] - place[b.from]
		}
		return place[a.to] - place[b.to]
	}) {
		words := slices.SortedFunc(slices.Values(uses[a]), func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
		line := "--"
		if slices.Contains(events, words[0]) {
			line = "-."
		}
		fmt.Fprintf(&b, "  %s %s \"%s\" %s %s\n", a.from, line, strings.Join(words, ", "), map[string]string{"--": "-->", "-.": ".->"}[line], a.to)
	}
	b.WriteString("```\n\n")
	return b.String()
}
