package infra

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/infra/settings"
)

func TestDefaultsAreValid(t *testing.T) {
	c, err := settings.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Model.InstanceType != "ml.g6e.xlarge" || c.Model.Enabled || c.Autoscaling.Min != 0 {
		t.Errorf("defaults are %+v", c)
	}
}

func TestSettingsOfOtherNamespacesAreIgnored(t *testing.T) {
	if _, err := settings.Load(map[string]string{"aws:region": "us-east-1", "other:model.enabled": "perhaps"}); err != nil {
		t.Error(err)
	}
}

// badSettings has a case for every kind of invalid setting, with part of its
// message.
var badSettings = []struct{ key, value, want string }{
	{"model.instanceType", "ml.g4dn.xlarge", "16 GB on a GPU"},
	{"model.instanceType", "ml.g5.12xlarge", "take ml.g6e.xlarge"},
	{"model.instanceType", "ml.m5.large", "not a GPU type"},
	{"model.image", "example.com/model:latest", "by digest"},
	{"model.maxConcurrency", "0", "1 to 1000"},
	{"model.invocationTimeoutSeconds", "3601", "120 to 3600"},
	{"model.requestTtlSeconds", "59", "60 to 21600"},
	{"model.enabled", "yes", "neither true nor false"},
	{"autoscaling.max", "none", "not an integer"},
	{"autoscaling.min", "2", "above autoscaling.max"},
	{"autoscaling.scaleOutCooldown", "60", "longest time of one object"},
	{"autoscaling.idleMinutes", "0", "1 to 60"},
	{"autoscaling.idleMinutes", "61", "1 to 60"},
	{"autoscaling.wake", "early", "none of submit, photo and alarm"},
	{"autoscaling.warm", "weekdays 8-18", "days, hours and time zone"},
	{"email.sender", "admin", "not an email address"},
	{"email.admin", "A <a@example.com>", "not an email address"},
	{"email.support", "help", "not an email address"},
	{"email.domain", "example.com", "not in email.domain"},
	{"website.domain", "gen3d.example.com", "set both or neither"},
	{"website.certificateArn", "arn:aws:acm:eu-west-1:123456789012:certificate/0", "us-east-1"},
	{"auth.mfa", "sometimes", "off, optional or required"},
	{"notebook.instanceType", "g5", "not a notebook instance type"},
	{"notebook.instanceType", "ml.p3.2xlarge", "notebook-al2023-v1"},
	{"model.inferenceAmiVersion", "latest", "al2-ami-sagemaker-inference-gpu-2,"},
	{"model.inferenceAmiVersion", "al2-ami-sagemaker-inference-neuron-2", "has no GPU driver"},
	{"email.verify", "a@example.com, admin", "not an email address"},
	{"email.verify", "a@example.com,a@example.com", "twice"},
	{"logs.retentionDays", "8", "CloudWatch Logs"},
	{"limits.maxObjects", "0", "1 to 100"},
	{"limits.maxBytes", "20MB", "not an integer"},
	{"modle.enabled", "true", "correct it to model.enabled"},
	{"model", `{"enabled":true}`, "without --path"},
}

func TestBadSettingsAreRefusedBeforeAnythingIsRegistered(t *testing.T) {
	for _, bad := range badSettings {
		t.Run(bad.key+"="+bad.value, func(t *testing.T) {
			seen, err := deploy(t, "dev", map[string]string{"gen3d:" + bad.key: bad.value})
			var refused ConfigError
			if !errors.As(err, &refused) {
				t.Fatalf("got %v, want a ConfigError", err)
			}
			if !strings.Contains(err.Error(), bad.want) || !strings.Contains(err.Error(), bad.key) {
				t.Errorf("the message is %q; it must name %s and say %q", err, bad.key, bad.want)
			}
			for _, r := range seen {
				if r.TypeToken != "pulumi:pulumi:Stack" {
					t.Errorf("%s %s was registered", r.TypeToken, r.Name)
				}
			}
		})
	}
}

func TestAllProblemsAreReportedTogether(t *testing.T) {
	_, err := settings.Load(map[string]string{"gen3d:model.instanceType": "ml.g5.xlarge", "gen3d:auth.mfa": "x", "gen3d:nonsense": "1", "gen3d:alarms": "1"})
	var refused ConfigError
	if !errors.As(err, &refused) || len(refused.Problems) != 4 {
		t.Fatalf("got %v, want four problems", err)
	}
}

func TestAStackNameThatMakesInvalidNamesRegistersNothing(t *testing.T) {
	r := &recorder{}
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		return Deploy(ctx, nil, builtCheckout(t), func(context.Context, string, string) (Account, error) { return pushedAccount, nil })
	}, pulumi.WithMocks("gen3d", "my_stack", r))
	if err == nil || !strings.Contains(err.Error(), `the stack's name "my_stack"`) || len(r.seen) > 0 {
		t.Errorf("%v, after %d registrations", err, len(r.seen))
	}
}
