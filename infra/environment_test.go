package infra

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"gen3d/handlers/api"
	"gen3d/handlers/extract"
	"gen3d/handlers/notify"
	"gen3d/handlers/sweep"
	"gen3d/internal/awsclient"
	"gen3d/internal/environment"
	"gen3d/model-image/server"
	"gen3d/model-image/server/sam3d"
)

// programs are the programs to which the stack gives an environment: how each
// reads it, and which variables it knows.
var programs = map[string]struct {
	read func() error
	know []reflect.Type
}{
	"api":     {reads[api.Config], []reflect.Type{reflect.TypeFor[api.Config]()}},
	"extract": {reads[extract.Config], []reflect.Type{reflect.TypeFor[extract.Config]()}},
	"notify":  {reads[notify.Config], []reflect.Type{reflect.TypeFor[notify.Config]()}},
	"sweep":   {reads[sweep.Config], []reflect.Type{reflect.TypeFor[sweep.Config]()}},
	"model":   {reads[server.Config], []reflect.Type{reflect.TypeFor[server.Config](), reflect.TypeFor[sam3d.Settings]()}},
}

func reads[C environment.Config]() error {
	_, err := environment.Read[C]()
	return err
}

// variables returns the names of the environment variables of configurations,
// from their env tags.
func variables(types []reflect.Type) map[string]bool {
	names := map[string]bool{}
	for _, c := range types {
		for i := range c.NumField() {
			if name := c.Field(i).Tag.Get("env"); name != "" {
				names[name] = true
			}
		}
	}
	return names
}

// environmentVariants are both stacks with their settings, and with the
// shortest and longest timeouts that the keys allow.
var environmentVariants = map[string]struct {
	stack    string
	settings map[string]string
}{
	"dev": {"dev", nil}, "prod": {"prod", nil},
	"dev with short timeouts": {"dev", map[string]string{"gen3d:model.invocationTimeoutSeconds": "120", "gen3d:model.requestTtlSeconds": "60", "gen3d:model.maxConcurrency": "1", "gen3d:model.startupTimeoutSeconds": "60"}},
	"dev with long timeouts": {"dev", map[string]string{
		"gen3d:model.invocationTimeoutSeconds": "3600", "gen3d:model.startupTimeoutSeconds": "3600", "gen3d:autoscaling.scaleOutCooldown": "3600",
	}},
}

func TestEveryProgramAcceptsItsEnvironment(t *testing.T) {
	for _, variant := range slices.Sorted(maps.Keys(environmentVariants)) {
		settings := map[string]string{"gen3d:model.enabled": "true"}
		maps.Copy(settings, environmentVariants[variant].settings)
		seen := mustDeploy(t, environmentVariants[variant].stack, settings)
		given := environmentsOf(t, seen)
		for _, program := range slices.Sorted(maps.Keys(programs)) {
			t.Run(variant+" "+program, func(t *testing.T) {
				known := variables(programs[program].know)
				for name := range known {
					// The environment of this process must not count.
					t.Setenv(name, "")
					if err := os.Unsetenv(name); err != nil {
						t.Fatal(err)
					}
				}
				onlyDocumented(t, program)
				for name, value := range given[program] {
					if program != "model" && os.Getenv(name) != "" {
						t.Errorf("the stack sets %s, which Lambda reserves", name)
					}
					if !known[name] && name != "AWS_REGION" {
						t.Errorf("the stack sets %s, which the program does not read", name)
					}
					t.Setenv(name, value)
				}
				if err := programs[program].read(); err != nil {
					t.Errorf("the program refuses its environment: %v", err)
				}
				if _, err := awsclient.Load(t.Context()); err != nil {
					t.Errorf("the program has no AWS configuration: %v", err)
				}
			})
		}
		t.Run(variant+" together", func(t *testing.T) { environmentsAgree(t, seen, given) })
	}
}

// onlyDocumented leaves of this process's AWS variables only those that AWS
// documents for the program's place. For functions it sets the region:
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
// For a model's container AWS documents none, but those of CreateModel:
// https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
func onlyDocumented(t *testing.T, program string) {
	t.Helper()
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "") // restores it after the test
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	nowhere := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_CONFIG_FILE", nowhere)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", nowhere)
	if program != "model" {
		t.Setenv("AWS_REGION", "us-east-1")
		t.Setenv("AWS_DEFAULT_REGION", "us-east-1")
	}
}

// environmentsAgree checks values that must fit those of another program or of
// AWS.
func environmentsAgree(t *testing.T, seen []registration, given map[string]map[string]string) {
	seconds := func(program, name string) int {
		n, err := strconv.Atoi(given[program][name])
		if err != nil {
			t.Fatalf("%s of %s: %v", name, program, err)
		}
		return n
	}
	duration := func(program, name string) time.Duration {
		d, err := time.ParseDuration(given[program][name])
		if err != nil {
			t.Fatalf("%s of %s: %v", name, program, err)
		}
		return d
	}
	for _, r := range seen {
		switch r.Name {
		case "notify-function":
			if got, want := seconds("notify", "LEASE_SECONDS"), int(r.Inputs["timeout"].NumberValue()); got < want {
				t.Errorf("the lease expires after %d s, while the function may run for %d s", got, want)
			}
		case "api-function":
			for _, route := range seen {
				if route.Name == "routes-function" && route.Inputs["timeoutMilliseconds"].NumberValue() > 1000*r.Inputs["timeout"].NumberValue() {
					t.Errorf("the gateway waits for %v ms for a function that has %v s", route.Inputs["timeoutMilliseconds"], r.Inputs["timeout"])
				}
			}
		}
		if r.TypeToken == "aws:sagemaker/endpointConfiguration:EndpointConfiguration" {
			config := r.Inputs["asyncInferenceConfig"].ObjectValue()["clientConfig"].ObjectValue()
			if at, most := config[resource.PropertyKey("maxConcurrentInvocationsPerInstance")].NumberValue(), seconds("model", "MAX_CONCURRENCY"); int(at) > most {
				t.Errorf("SageMaker sends %v requests at a time to a server that takes %d", at, most)
			}
			variant := r.Inputs["productionVariants"].ArrayValue()[0].ObjectValue()
			startup := time.Duration(variant["containerStartupHealthCheckTimeoutInSeconds"].NumberValue()) * time.Second
			if own := duration("model", "WORKER_SETUP_TIMEOUT"); own >= startup || startup-own > time.Minute {
				t.Errorf("SageMaker ends a start after %s, the worker after %s; the worker must be up to a minute earlier", startup, own)
			}
		}
	}
	for _, name := range []string{"REQUEST_TTL_SECONDS", "INVOCATION_TIMEOUT_SECONDS"} {
		if given["sweep"][name] != given["extract"][name] {
			t.Errorf("%s is %s for Sweep and %s for Extract", name, given["sweep"][name], given["extract"][name])
		}
	}
	if left := time.Duration(seconds("extract", "INVOCATION_TIMEOUT_SECONDS"))*time.Second - duration("model", "INVOCATION_TIMEOUT"); left < 30*time.Second {
		t.Errorf("the server times out %s before SageMaker does; writing the failure takes up to 30s", left)
	}
	for _, program := range []string{"extract", "sweep", "model"} {
		if given[program]["LIMITS"] != given["api"]["LIMITS"] {
			t.Errorf("%s has the limits %s, the API %s", program, given[program]["LIMITS"], given["api"]["LIMITS"])
		}
	}
	for program := range given {
		if given[program]["DATA_BUCKET"] != given["api"]["DATA_BUCKET"] || given[program]["STACK"] != given["api"]["STACK"] {
			t.Errorf("%s is of stack %s with bucket %s, the API of %s with %s", program, given[program]["STACK"], given[program]["DATA_BUCKET"], given["api"]["STACK"], given["api"]["DATA_BUCKET"])
		}
	}
}
