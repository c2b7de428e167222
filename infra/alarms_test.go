package infra

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"gen3d/internal/telemetry"
)

const alarmKind = "aws:cloudwatch/metricAlarm:MetricAlarm"

// CloudWatch accepts an alarm on a metric that does not exist, which never
// starts.
func TestAlarmsReadDocumentedMetrics(t *testing.T) {
	seen := 0
	check := func(alarm string, metric resource.PropertyMap) {
		seen++
		namespace, name := metric["namespace"].StringValue(), metric["metricName"].StringValue()
		if _, ok := documentedUnits[namespace][name]; !ok && namespace != telemetry.Namespace {
			t.Errorf("%s reads %s %s, which is not known; add it to documentedUnits from AWS's documentation", alarm, namespace, name)
		}
	}
	for _, r := range mustDeploy(t, "dev", map[string]string{"gen3d:model.enabled": "true"}) {
		if r.TypeToken != alarmKind {
			continue
		}
		if r.Inputs["metricName"].IsString() {
			check(r.Name, r.Inputs)
			continue
		}
		for _, query := range r.Inputs["metricQueries"].ArrayValue() {
			if metric, ok := query.ObjectValue()["metric"]; ok {
				check(r.Name, metric.ObjectValue())
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d metrics are read", seen)
	}
}

func TestAlarmsNotifyTheAdmin(t *testing.T) {
	topic, alarms := "", 0
	seen := mustDeploy(t, "dev", map[string]string{"gen3d:model.enabled": "true"})
	for _, r := range seen {
		if layerOf(r) == "Alerts" && r.TypeToken == "aws:sns/topic:Topic" {
			topic = arnOf(r.MockResourceArgs)
		}
	}
	for _, r := range seen {
		if r.TypeToken != alarmKind || layerOf(r) != "Alarms" {
			continue
		}
		alarms++
		for _, actions := range []resource.PropertyKey{"alarmActions", "okActions"} {
			if got := texts(r.Inputs[actions]); len(got) != 1 || got[0] != topic {
				t.Errorf("%s has the %s %v, want the admin's topic %s", r.Name, actions, got, topic)
			}
		}
	}
	if topic == "" || alarms == 0 {
		t.Errorf("the topic is %q, and there are %d alarms", topic, alarms)
	}
	for _, r := range mustDeploy(t, "dev", map[string]string{"gen3d:model.enabled": "true", "gen3d:alarms": "false"}) {
		if r.TypeToken == alarmKind && layerOf(r) == "Alarms" {
			t.Errorf("%s exists although gen3d:alarms is false", r.Name)
		}
	}
}
