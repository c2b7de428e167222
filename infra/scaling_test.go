package infra

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"gen3d/infra/settings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

func scalingResources(t *testing.T, settings map[string]string) map[string]registration {
	t.Helper()
	all := map[string]string{"gen3d:model.enabled": "true"}
	for key, value := range settings {
		all["gen3d:"+key] = value
	}
	found := map[string]registration{}
	for _, r := range mustDeploy(t, "dev", all) {
		if strings.HasPrefix(r.Name, "scaling-") {
			found[r.Name+" "+r.TypeToken[strings.LastIndex(r.TypeToken, ":")+1:]] = r
		}
	}
	return found
}

func TestAnIdleServiceReturnsToTheMinimum(t *testing.T) {
	found := scalingResources(t, map[string]string{"autoscaling.idleMinutes": "7"})
	if disabled := found["scaling-backlog Policy"].Inputs["targetTrackingScalingPolicyConfiguration"].ObjectValue()["disableScaleIn"]; !disabled.IsBool() || !disabled.BoolValue() {
		t.Error("target tracking scales in")
	}
	step := found["scaling-idle Policy"].Inputs["stepScalingPolicyConfiguration"].ObjectValue()
	adjustment := step["stepAdjustments"].ArrayValue()[0].ObjectValue()["scalingAdjustment"]
	if step["adjustmentType"].StringValue() != "ExactCapacity" || adjustment.NumberValue() != 0 {
		t.Errorf("the idle policy is %v", step)
	}
	alarm := found["scaling-idle MetricAlarm"].Inputs
	for property, want := range map[resource.PropertyKey]float64{"evaluationPeriods": 7, "datapointsToAlarm": 7, "threshold": 1} {
		if got := alarm[property].NumberValue(); got != want {
			t.Errorf("%s is %v, want %v", property, got, want)
		}
	}
	if got := alarm["treatMissingData"].StringValue(); got != "notBreaching" {
		t.Errorf("missing data is %s: instances could be stopped without data", got)
	}
	if rest := found["scaling-rest ScheduledAction"].Inputs; rest["schedule"].StringValue() != "cron(0 * * * ? *)" {
		t.Errorf("the action that corrects the minimum is %v", rest)
	}
	if _, ok := found["scaling-warm ScheduledAction"]; ok {
		t.Error("an action keeps an instance without warm hours")
	}
}

func TestWarmHoursKeepOneInstance(t *testing.T) {
	found := scalingResources(t, map[string]string{"autoscaling.warm": "weekdays 8-18 Europe/Berlin"})
	for name, want := range map[string]struct {
		schedule string
		minimum  float64
	}{
		"scaling-warm ScheduledAction": {"cron(0 8-17 ? * MON-FRI *)", 1},
		"scaling-rest ScheduledAction": {"cron(0 18 ? * MON-FRI *)", 0},
	} {
		in := found[name].Inputs
		if minimum := in["scalableTargetAction"].ObjectValue()["minCapacity"].NumberValue(); in["schedule"].StringValue() != want.schedule || minimum != want.minimum || in["timezone"].StringValue() != "Europe/Berlin" {
			t.Errorf("%s is %v, want %v", name, in, want)
		}
	}
}

func TestWarmHoursNeedAMinimumOfZero(t *testing.T) {
	_, err := settings.Load(map[string]string{"gen3d:autoscaling.warm": "daily 8-18 UTC", "gen3d:autoscaling.min": "1"})
	if err == nil || !strings.Contains(err.Error(), "set one of the two") {
		t.Errorf("got %v", err)
	}
}

func TestDocsOfScalingHaveThePriceOfTheDefaultInstance(t *testing.T) {
	document, err := os.ReadFile("../docs/scaling.md")
	if err != nil {
		t.Fatal(err)
	}
	c, err := settings.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	if price := fmt.Sprintf("one instance of $%.4f an", c.Model.Instance().USDPerHour); !strings.Contains(string(document), price) {
		t.Errorf("docs/scaling.md does not say %q; correct tests/simulation", price)
	}
}
