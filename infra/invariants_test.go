package infra

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

const testImage = testAccount + ".dkr.ecr.us-east-1.amazonaws.com/other@sha256:0000000000000000000000000000000000000000000000000000000000000000"

// variants are both stacks, with each switch on and off.
func variants() map[string]struct {
	stack    string
	settings map[string]string
} {
	all := map[string]string{
		"gen3d:model.enabled": "true", "gen3d:notebook.enabled": "true", "gen3d:network.private": "true",
		"gen3d:encryption.kms": "true", "gen3d:waf": "true", "gen3d:email.domain": "genesis3d.com", "gen3d:budget.monthlyUsd": "10",
		"gen3d:website.domain": "gen3d.example.com", "gen3d:website.certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef",
		"gen3d:huggingFaceToken": "hf_test", "gen3d:functions.reserveConcurrency": "true",
	}
	out := map[string]struct {
		stack    string
		settings map[string]string
	}{
		"dev": {"dev", nil}, "prod": {"prod", nil},
		"dev with everything":  {"dev", all},
		"prod with everything": {"prod", all},
		"dev with nothing": {"dev", map[string]string{
			"gen3d:alarms": "false", "gen3d:notebook.enabled": "false", "gen3d:budget.monthlyUsd": "0",
			"gen3d:auth.mfa": "off", "gen3d:retention.jobsDays": "0",
		}},
		"dev with a given image": {"dev", map[string]string{"gen3d:model.enabled": "true", "gen3d:model.image": testImage, "gen3d:autoscaling.enabled": "false"}},
	}
	for key, value := range all {
		if key == "gen3d:website.domain" || key == "gen3d:website.certificateArn" {
			continue // valid only together
		}
		out["dev with "+key] = struct {
			stack    string
			settings map[string]string
		}{"dev", map[string]string{key: value}}
	}
	return out
}

func TestEveryVariantMeetsTheRules(t *testing.T) {
	all := variants()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			seen := mustDeploy(t, all[name].stack, all[name].settings)
			t.Logf("%d resources", len(seen))
			everyResourceHasAComponentAsParent(t, seen)
			namesCarryTheStack(t, seen, all[name].stack)
			policiesAreNarrow(t, seen)
			oneNotificationAfterItsPermissions(t, seen)
			tagsComeFromTheProvider(t, seen, all[name].stack)
			dataIsProtected(t, seen, all[name].stack == "prod")
		})
	}
}

func everyResourceHasAComponentAsParent(t *testing.T, seen []registration) {
	for _, r := range seen {
		switch {
		case strings.HasPrefix(r.TypeToken, "pulumi:"): // the stack and the providers
		case r.Custom && !strings.Contains(r.parent, "gen3d:infra:"):
			t.Errorf("%s %s has the parent %q, not a component", r.TypeToken, r.Name, r.parent)
		case !r.Custom && !strings.HasPrefix(r.TypeToken, "gen3d:infra:"):
			t.Errorf("component %s has the type %s", r.Name, r.TypeToken)
		}
	}
}

// physicalNames are the properties with the name of a resource in the account.
var physicalNames = []string{"name", "bucket", "dashboardName", "configurationSetName", "domain", "identifier"}

func namesCarryTheStack(t *testing.T, seen []registration, stack string) {
	named := 0
	for _, r := range seen {
		if !r.Custom || strings.HasPrefix(r.TypeToken, "pulumi:") || r.TypeToken == "aws:iam/rolePolicy:RolePolicy" {
			continue // the name of an inline policy is local to its role
		}
		for _, property := range physicalNames {
			value, ok := r.Inputs[resource.PropertyKey(property)]
			if !ok || !value.IsString() || strings.HasSuffix(value.StringValue(), "-id") || value.StringValue() == stageName {
				continue
			}
			name := strings.TrimPrefix(value.StringValue(), "alias/")
			if i := strings.LastIndex(name, "/"); i >= 0 {
				name = name[i+1:]
			}
			named++
			if !strings.HasPrefix(strings.ToLower(name), "gen3d") || !strings.Contains(name, "-"+stack) {
				t.Errorf("%s %s is named %q, without Gen3D or the stack", r.TypeToken, r.Name, value.StringValue())
			}
		}
	}
	if named < 30 {
		t.Errorf("only %d names were checked", named)
	}
}

func policiesAreNarrow(t *testing.T, seen []registration) {
	reasons := map[string]AnyResource{}
	for _, reason := range AnyResources() {
		if reason.Why == "" {
			t.Errorf("%s gives no reason", reason.Sid)
		}
		reasons[reason.Sid] = reason
	}
	checked := 0
	for _, r := range seen {
		for _, property := range []string{"policy", "assumeRolePolicy"} {
			if value, ok := r.Inputs[resource.PropertyKey(property)]; !ok || !value.IsString() || !strings.Contains(value.StringValue(), "Statement") {
				continue
			}
			for _, s := range r.json(t, property)["Statement"].([]any) {
				checked++
				statementIsNarrow(t, r, s.(map[string]any), reasons)
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d statements were checked", checked)
	}
}

func statementIsNarrow(t *testing.T, r registration, s map[string]any, reasons map[string]AnyResource) {
	t.Helper()
	for _, problem := range tooWide(s, reasons, r.TypeToken == "aws:iam/role:Role") {
		t.Errorf("%s %s: %s", r.Name, s["Sid"], problem)
	}
}

// tooWide returns the problems of a statement that allows too much. trust is
// true for a trust policy, whose statements have no resource.
func tooWide(s map[string]any, reasons map[string]AnyResource, trust bool) (problems []string) {
	wrong := func(is bool, format string, args ...any) {
		if is {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	sid, _ := s["Sid"].(string)
	wrong(sid == "", "it has no Sid")
	if s["Effect"] == "Deny" {
		return problems
	}
	wrong(s["Effect"] != "Allow", "its effect is %v", s["Effect"])
	principals, _ := s["Principal"].(map[string]any)
	wrong(s["Principal"] == "*" || slices.Contains(list(principals["AWS"]), "*"), "everyone is allowed")
	for _, element := range []string{"NotAction", "NotResource", "NotPrincipal"} {
		wrong(s[element] != nil, "%s allows everything that it does not name", element)
	}
	actions := list(s["Action"])
	wrong(len(actions) == 0, "it has no action")
	for _, action := range actions {
		wrong(strings.ContainsAny(action, "*?"), "the action %s has a wildcard", action)
	}
	resources := list(s["Resource"])
	wrong(len(resources) == 0 && !trust, "it has no resource")
	reason, reasoned := reasons[sid]
	wrong(reasoned && !slices.Contains(resources, "*"), "it has a reason for *, but not the resource *")
	for _, one := range resources {
		if one != "*" {
			wrong(!strings.HasPrefix(one, "arn:aws:"), "%q is not an ARN", one)
			continue
		}
		wrong(!reasoned, "the resource * has no reason")
		for _, action := range actions {
			wrong(reasoned && !slices.Contains(reason.Actions, action), "the reason does not cover %s", action)
		}
	}
	return problems
}

// list returns the strings of a string or an array of strings.
func list(value any) (texts []string) {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		for _, one := range value {
			texts = append(texts, one.(string))
		}
	}
	return texts
}

func TestTooPermissiveStatementsAreFound(t *testing.T) {
	reasons := map[string]AnyResource{"Reasoned": {Sid: "Reasoned", Why: "w", Actions: []string{"kms:Decrypt"}}}
	for text, want := range map[string]string{
		`{"Sid":"a","Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]}`:                           "",
		`{"Sid":"Reasoned","Effect":"Allow","Action":["kms:Decrypt"],"Resource":"*"}`:                                      "",
		`{"Sid":"a","Effect":"Deny","Action":["s3:*"],"Resource":"*","Principal":"*"}`:                                     "",
		`{"Sid":"a","Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::b/*"]}`:                                   "the action s3:* has a wildcard",
		`{"Sid":"a","Effect":"Allow","Action":"s3:Get?bject","Resource":"arn:aws:s3:::b/*"}`:                               "the action s3:Get?bject has a wildcard",
		`{"Sid":"a","Effect":"Allow","Action":["s3:GetObject"],"Resource":"*"}`:                                            "the resource * has no reason",
		`{"Sid":"a","Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*","*"]}`:                       "the resource * has no reason",
		`{"Sid":"Reasoned","Effect":"Allow","Action":["kms:Decrypt","kms:Encrypt"],"Resource":"*"}`:                        "the reason does not cover kms:Encrypt",
		`{"Sid":"Reasoned","Effect":"Allow","Action":["kms:Decrypt"],"Resource":"arn:aws:kms:r:1:key/k"}`:                  "it has a reason for *, but not the resource *",
		`{"Sid":"a","Effect":"Allow","Action":["s3:GetObject"],"Resource":["bucket"]}`:                                     `"bucket" is not an ARN`,
		`{"Sid":"a","Effect":"Allow","Action":["s3:GetObject"]}`:                                                           "it has no resource",
		`{"Sid":"a","Effect":"Allow","NotAction":["s3:GetObject"],"Resource":["arn:aws:s3:::b"]}`:                          "NotAction allows everything that it does not name; it has no action",
		`{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]}`:                                     "it has no Sid",
		`{"Sid":"a","Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"],"Principal":"*"}`:           "everyone is allowed",
		`{"Sid":"a","Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"],"Principal":{"AWS":["*"]}}`: "everyone is allowed",
	} {
		var statement map[string]any
		if err := json.Unmarshal([]byte(text), &statement); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(tooWide(statement, reasons, false), "; "); got != want {
			t.Errorf("%s: found %q, want %q", text, got, want)
		}
	}
}

func oneNotificationAfterItsPermissions(t *testing.T, seen []registration) {
	var notifications []registration
	for _, r := range seen {
		if r.TypeToken == "aws:s3/bucketNotification:BucketNotification" {
			notifications = append(notifications, r)
		}
	}
	if len(notifications) != 1 {
		t.Fatalf("%d bucket notifications; a bucket can have one", len(notifications))
	}
	for _, permission := range []string{"events-extract", "events-notify"} {
		if !slices.ContainsFunc(notifications[0].dependsOn, func(urn string) bool { return strings.HasSuffix(urn, "::"+permission) }) {
			t.Errorf("the notification does not depend on the permission %s", permission)
		}
	}
	suffixes := map[string]bool{}
	for _, f := range notifications[0].Inputs["lambdaFunctions"].ArrayValue() {
		suffixes[f.ObjectValue()["filterSuffix"].StringValue()] = true
		if got := f.ObjectValue()["filterPrefix"].StringValue(); got != "users/" {
			t.Errorf("a trigger's prefix is %q", got)
		}
	}
	if want := []string{".jpeg", ".jpg", ".png", ".result.json", ".webp"}; !slices.Equal(slices.Sorted(maps.Keys(suffixes)), want) {
		t.Errorf("triggers on %v, want %v", slices.Sorted(maps.Keys(suffixes)), want)
	}
}

func tagsComeFromTheProvider(t *testing.T, seen []registration, stack string) {
	for _, r := range seen {
		switch {
		case r.TypeToken == "pulumi:providers:aws":
			// A provider's inputs are JSON strings.
			if got := r.Inputs["defaultTags"]; !strings.Contains(got.String(), "Gen3D") || !strings.Contains(got.String(), stack) {
				t.Errorf("provider %s has the tags %s", r.Name, got)
			}
		case r.Custom && strings.HasPrefix(r.TypeToken, "aws:") && !strings.Contains(r.Provider, "::aws"):
			t.Errorf("%s %s has the provider %q, which does not tag it", r.TypeToken, r.Name, r.Provider)
		}
	}
}

// keepsData are the types that hold data, or keep data private and encrypted.
var keepsData = []string{
	"aws:s3/bucketV2:BucketV2", "aws:cognito/userPool:UserPool", "aws:ecr/repository:Repository", "aws:kms/key:Key", "aws:secretsmanager/secret:Secret",
	"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
	"aws:s3/bucketVersioningV2:BucketVersioningV2", "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
}

func dataIsProtected(t *testing.T, seen []registration, want bool) {
	for _, r := range seen {
		data := slices.Contains(keepsData, r.TypeToken)
		if data && (r.protect != want || r.retain != want) {
			t.Errorf("%s %s: protected %t, retained %t; want %t", r.TypeToken, r.Name, r.protect, r.retain, want)
		}
		for _, force := range []resource.PropertyKey{"forceDestroy", "forceDelete"} {
			if value, ok := r.Inputs[force]; data && ok && value.BoolValue() == want {
				t.Errorf("%s %s: %s is %t", r.TypeToken, r.Name, force, value.BoolValue())
			}
		}
		if !data && r.protect {
			t.Errorf("%s %s holds no data and is protected", r.TypeToken, r.Name)
		}
	}
}

func TestUnbuiltCheckoutIsRefused(t *testing.T) {
	err := Artifacts{Root: t.TempDir()}.Check()
	if err == nil {
		t.Fatal("an empty checkout was accepted")
	}
	for _, want := range []string{"extract", "notify", "api", "sweep", "make functions", "make build"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %q: %v", want, err)
		}
	}
}

func TestZipsAreReproducible(t *testing.T) {
	first, err := zipProgram([]byte("program"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := zipProgram([]byte("program"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := zipProgram([]byte("another"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(first, second) || slices.Equal(first, other) {
		t.Error("an archive does not depend on its program alone")
	}
}
