package infra

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const testAccount = "123456789012"

// registration is a resource that the program registered.
type registration struct {
	pulumi.MockResourceArgs
	parent    string // URN
	protect   bool
	retain    bool
	dependsOn []string // URNs
}

func (r registration) json(t *testing.T, property string) map[string]any {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal([]byte(r.Inputs[resource.PropertyKey(property)].StringValue()), &document); err != nil {
		t.Fatalf("%s %s: %s is no JSON: %v", r.TypeToken, r.Name, property, err)
	}
	return document
}

// recorder is a mock of the engine: it returns the outputs that the program
// reads, and records the registrations.
type recorder struct {
	mu   sync.Mutex
	seen []registration
}

func (r *recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	rpc := args.RegisterRPC
	r.mu.Lock()
	r.seen = append(r.seen, registration{
		MockResourceArgs: args, parent: rpc.GetParent(), protect: rpc.GetProtect(),
		retain: rpc.GetRetainOnDelete(), dependsOn: rpc.GetDependencies(),
	})
	r.mu.Unlock()
	state := args.Inputs.Copy()
	set := func(key, value string) {
		if _, ok := state[resource.PropertyKey(key)]; !ok {
			state[resource.PropertyKey(key)] = resource.NewStringProperty(value)
		}
	}
	set("arn", arnOf(args))
	set("name", args.Name+"-0123456")
	set("bucketRegionalDomainName", args.Name+".s3.us-east-1.amazonaws.com")
	set("domainName", "d111111abcdef8.cloudfront.net")
	set("apiEndpoint", "https://a1b2c3.execute-api.us-east-1.amazonaws.com")
	set("executionArn", "arn:aws:execute-api:us-east-1:"+testAccount+":a1b2c3")
	set("invokeArn", "arn:aws:apigateway:us-east-1:lambda:path/"+args.Name)
	set("repositoryUrl", testAccount+".dkr.ecr.us-east-1.amazonaws.com/gen3d-sam3d-dev")
	set("registryId", testAccount)
	set("url", args.Name+".notebook.us-east-1.sagemaker.aws")
	if args.TypeToken == "aws:sesv2/emailIdentity:EmailIdentity" {
		state["dkimSigningAttributes"] = resource.NewObjectProperty(resource.PropertyMap{
			"tokens": resource.NewArrayProperty([]resource.PropertyValue{resource.NewStringProperty("one")}),
		})
	}
	return args.Name + "-id", state, nil
}

// arnFormats are the ARNs of resources that policies name; %s is the resource's
// name.
var arnFormats = map[string]string{
	"aws:cloudfront/distribution:Distribution":        "arn:aws:cloudfront::" + testAccount + ":distribution/%s",
	"aws:cloudwatch/logGroup:LogGroup":                "arn:aws:logs:us-east-1:" + testAccount + ":log-group:%s",
	"aws:cognito/userPool:UserPool":                   "arn:aws:cognito-idp:us-east-1:" + testAccount + ":userpool/%s",
	"aws:ecr/repository:Repository":                   "arn:aws:ecr:us-east-1:" + testAccount + ":repository/%s",
	"aws:iam/role:Role":                               "arn:aws:iam::" + testAccount + ":role/%s",
	"aws:kms/key:Key":                                 "arn:aws:kms:us-east-1:" + testAccount + ":key/%s",
	"aws:lambda/function:Function":                    "arn:aws:lambda:us-east-1:" + testAccount + ":function:%s",
	"aws:s3/bucketV2:BucketV2":                        "arn:aws:s3:::%s",
	"aws:sagemaker/endpoint:Endpoint":                 "arn:aws:sagemaker:us-east-1:" + testAccount + ":endpoint/%s",
	"aws:sagemaker/notebookInstance:NotebookInstance": "arn:aws:sagemaker:us-east-1:" + testAccount + ":notebook-instance/%s",
	"aws:secretsmanager/secret:Secret":                "arn:aws:secretsmanager:us-east-1:" + testAccount + ":secret:%s",
	"aws:sesv2/configurationSet:ConfigurationSet":     "arn:aws:ses:us-east-1:" + testAccount + ":configuration-set/%s",
	"aws:sns/topic:Topic":                             "arn:aws:sns:us-east-1:" + testAccount + ":%s",
	"aws:sqs/queue:Queue":                             "arn:aws:sqs:us-east-1:" + testAccount + ":%s",
}

func arnOf(args pulumi.MockResourceArgs) string {
	format, ok := arnFormats[args.TypeToken]
	if !ok {
		return "arn:aws:mock:us-east-1:" + testAccount + ":" + args.Name
	}
	name := args.Name
	for _, property := range []resource.PropertyKey{"bucket", "name", "configurationSetName"} {
		if value, ok := args.Inputs[property]; ok && value.IsString() {
			name = value.StringValue()
		}
	}
	switch args.TypeToken {
	case "aws:cognito/userPool:UserPool": // its ARN has its id
		name = args.Name + "-id"
	case "aws:sagemaker/endpoint:Endpoint": // AWS lowers the name in the ARN
		name = strings.ToLower(name)
	}
	return fmt.Sprintf(format, name)
}

func (r *recorder) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	switch args.Token {
	case "aws:index/getCallerIdentity:getCallerIdentity":
		return resource.NewPropertyMapFromMap(map[string]any{"accountId": testAccount, "arn": "a", "id": "i", "userId": "u"}), nil
	case "aws:index/getRegion:getRegion":
		return resource.NewPropertyMapFromMap(map[string]any{"name": "us-east-1", "description": "d", "endpoint": "e", "id": "us-east-1"}), nil
	case "aws:index/getPartition:getPartition":
		return resource.NewPropertyMapFromMap(map[string]any{"partition": "aws", "dnsSuffix": "amazonaws.com", "id": "aws", "reverseDnsPrefix": "com.amazonaws"}), nil
	case "aws:index/getAvailabilityZones:getAvailabilityZones":
		return resource.NewPropertyMapFromMap(map[string]any{"names": []any{"us-east-1a", "us-east-1b"}, "zoneIds": []any{}, "groupNames": []any{}, "id": "z"}), nil
	}
	return nil, fmt.Errorf("the program asks for %s, which no test expects", args.Token)
}

// deploy runs the program on a stack with its file's settings, overridden by
// settings.
func deploy(t *testing.T, stackName string, settings map[string]string) ([]registration, error) {
	t.Helper()
	return deployTo(t, pushedAccount, stackName, settings)
}

// deployTo is like deploy, with the state of the account.
func deployTo(t *testing.T, live Account, stackName string, settings map[string]string) ([]registration, error) {
	t.Helper()
	merged := stackSettings(t, stackName)
	maps.Copy(merged, settings)
	r := &recorder{}
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		return Deploy(ctx, merged, builtCheckout(t), func(context.Context, string, string) (Account, error) { return live, nil })
	}, pulumi.WithMocks("gen3d", stackName, r), func(info *pulumi.RunInfo) { info.Config = merged })
	return r.seen, err
}

func mustDeploy(t *testing.T, stackName string, settings map[string]string) []registration {
	t.Helper()
	seen, err := deploy(t, stackName, settings)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// stackSettings reads Pulumi.<stack>.yaml, which has one level of plain values.
func stackSettings(t *testing.T, stackName string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "Pulumi."+stackName+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, line := range strings.Split(string(data), "\n") {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && !strings.HasPrefix(key, "#") {
			settings[key] = value
		}
	}
	return settings
}

// builtCheckout creates a minimal built checkout.
func builtCheckout(t *testing.T) Artifacts {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{
		"webapp/dist/index.html": "<!doctype html>", "webapp/dist/assets/index-abc.js": "1", "webapp/dist/favicon.svg": "<svg/>",
		"go.mod": "module gen3d", "go.sum": "", "internal/x.go": "package x", "model-image/Dockerfile": "FROM scratch",
	}
	for _, part := range functionParts {
		files["dist/lambda/"+part+"/bootstrap"] = "program " + part
	}
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "go.mod", "go.sum", "internal", "model-image"}} {
		if output, err := exec.Command("git", append([]string{"-C", root}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, output)
		}
	}
	return Artifacts{Root: root}
}
