package infra

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// rightsFolder has the policies of every role that Gen3D's programs assume, as
// JSON. The tests that run those programs (tests/functions,
// tests/support/permissions) refuse each call that the policies do not allow,
// as AWS does and emulators do not.
var rightsFolder = filepath.Join("testdata", "rights")

// rightsOf are the stacks whose policies are recorded: one with every setting
// off on which a role's policy depends, and one with all of them on.
var rightsOf = map[string]struct {
	stack    string
	settings map[string]string
}{
	"dev": {"dev", map[string]string{"gen3d:model.enabled": "true", "gen3d:notebook.enabled": "true"}},
	"prod-private": {"prod", map[string]string{
		"gen3d:model.enabled": "true", "gen3d:notebook.enabled": "true", "gen3d:network.private": "true", "gen3d:encryption.kms": "true",
	}},
}

// recordedPolicies maps the resource of a policy to the name of its file.
var recordedPolicies = map[string]string{
	"extract-policy": "extract", "notify-policy": "notify", "api-policy": "api", "sweep-policy": "sweep",
	"inference-policy": "model", "notebook-policy": "notebook",
	"access-policy": "data-bucket", "storage-model-policy": "model-bucket", "encryption-key": "key",
}

func TestRightsMatchTheRecord(t *testing.T) {
	for _, variant := range slices.Sorted(maps.Keys(rightsOf)) {
		t.Run(variant, func(t *testing.T) {
			folder := filepath.Join(rightsFolder, variant)
			want := recordedRights(t, mustDeploy(t, rightsOf[variant].stack, rightsOf[variant].settings))
			if *update {
				rewrite(t, folder, want)
			}
			files, err := os.ReadDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				if _, ok := want[file.Name()]; !ok {
					t.Errorf("infra/%s/%s belongs to no policy; run go test ./infra -run Rights -update", folder, file.Name())
				}
			}
			for _, name := range slices.Sorted(maps.Keys(want)) {
				got, err := os.ReadFile(filepath.Join(folder, name))
				if err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want[name]) {
					t.Errorf("infra/%s/%s differs from the program's policy; review the difference and run go test ./infra -run Rights -update", folder, name)
				}
			}
		})
	}
}

func rewrite(t *testing.T, folder string, files map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// recordedRights returns the files of a stack: its policies, the environments
// of the programs, and the names in the policies.
func recordedRights(t *testing.T, seen []registration) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	write := func(name string, document any) {
		data, err := json.MarshalIndent(document, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		files[name+".json"] = append(data, '\n')
	}
	for _, r := range seen {
		if name, ok := recordedPolicies[r.Name]; ok {
			write(name, r.json(t, "policy"))
		}
	}
	for _, role := range []string{"extract", "notify", "api", "sweep", "model", "notebook", "data-bucket", "model-bucket"} {
		if files[role+".json"] == nil {
			t.Errorf("the stack has no policy for %s", role)
		}
	}
	environments := environmentsOf(t, seen)
	write("environments", environments)
	write("names", namesOf(t, seen))
	return files
}

// environmentsOf returns the environment variables of the functions and of the
// model's container.
func environmentsOf(t *testing.T, seen []registration) map[string]map[string]string {
	t.Helper()
	environments := map[string]map[string]string{}
	read := func(name string, value resource.PropertyValue) {
		environments[name] = map[string]string{}
		for variable, value := range value.ObjectValue() {
			environments[name][string(variable)] = value.StringValue()
		}
	}
	for _, r := range seen {
		switch r.TypeToken {
		case "aws:lambda/function:Function":
			read(strings.TrimSuffix(r.Name, "-function"), r.Inputs["environment"].ObjectValue()["variables"])
		case "aws:sagemaker/model:Model":
			read("model", r.Inputs["primaryContainer"].ObjectValue()["environment"])
		}
	}
	if want := []string{"api", "extract", "model", "notify", "sweep"}; !slices.Equal(slices.Sorted(maps.Keys(environments)), want) {
		t.Fatalf("the programs with an environment are %v, want %v", slices.Sorted(maps.Keys(environments)), want)
	}
	return environments
}

// namesOf returns the names of the resources in the policies; that of the key
// is empty for a stack without one.
func namesOf(t *testing.T, seen []registration) map[string]string {
	t.Helper()
	names := map[string]string{"partition": "aws", "region": "us-east-1", "account": testAccount, "key": ""}
	for _, r := range seen {
		name := physicalName(r)
		switch r.Name {
		case "storage-data":
			names["dataBucket"] = name
		case "storage-model":
			names["modelBucket"] = name
		case "endpoint-endpoint":
			names["endpoint"] = name
		case "inference-success":
			names["successTopic"] = name
		case "inference-error":
			names["errorTopic"] = name
		case "mail-set":
			names["configurationSet"] = name
		case "mail-identity":
			names["emailIdentity"] = r.Inputs["emailIdentity"].StringValue()
		case "identity-users":
			names["userPool"] = r.Name + "-id"
		case "encryption-key":
			names["key"] = r.Name
		}
	}
	for _, wanted := range []string{"dataBucket", "modelBucket", "endpoint", "successTopic", "errorTopic", "configurationSet", "emailIdentity", "userPool"} {
		if names[wanted] == "" {
			t.Errorf("the stack has no %s", wanted)
		}
	}
	return names
}
