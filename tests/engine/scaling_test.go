package engine

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// The emulator refuses what Application Auto Scaling is documented to refuse;
// emulator/scaling.py and emulator/schedules.py have the sources.
func TestTheEmulatorRefusesInvalidScaling(t *testing.T) {
	t.Parallel()
	url := startEmulator(t)
	const target = `"ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount", "ResourceId": "endpoint/e/variant/v"`
	call := func(action, body string) (int, string) {
		t.Helper()
		request, err := http.NewRequest(http.MethodPost, url, strings.NewReader("{"+target+", "+body+"}"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-amz-json-1.1")
		request.Header.Set("X-Amz-Target", "AnyScaleFrontendService."+action)
		request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/application-autoscaling/aws4_request, SignedHeaders=host, Signature=0")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		said, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(said)
	}
	action := func(schedule, zone, capacity string) string {
		return `"ScheduledActionName": "a", "Schedule": "` + schedule + `", "Timezone": "` + zone + `", "ScalableTargetAction": {` + capacity + `}`
	}
	policy := func(kind, adjustment string) string {
		return `"PolicyName": "p", "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": {"AdjustmentType": "` + kind + `", "StepAdjustments": [{` + adjustment + `}]}`
	}
	const minimum = `"MinCapacity": 1`
	for _, c := range []struct{ action, body, refusal string }{
		{"PutScheduledAction", action("cron(0 8-17 ? * MON-FRI *)", "Europe/Berlin", minimum), ""},
		{"PutScheduledAction", action("cron(0 * * * ? *)", "UTC", minimum), ""},
		{"PutScheduledAction", action("cron(59 23 ? * SAT,SUN *)", "UTC", minimum), ""},
		{"PutScheduledAction", `"ScheduledActionName": "a", "Schedule": "cron(0 9 ? * MON *)"`, ""}, // an update
		{"PutScheduledAction", `"ScheduledActionName": "new", "Schedule": "cron(0 9 ? * MON *)"`, "minimum or a maximum"},
		{"PutScheduledAction", action("0 8 * * MON-FRI", "UTC", minimum), "schedule"},
		{"PutScheduledAction", action("cron(0 8 * * MON-FRI)", "UTC", minimum), "schedule"},
		{"PutScheduledAction", action("cron(0 8 * * MON-FRI *)", "UTC", minimum), "schedule"},
		{"PutScheduledAction", action("cron(0 8 ? * ? *)", "UTC", minimum), "schedule"},
		{"PutScheduledAction", action("cron(0 24 ? * MON *)", "UTC", minimum), "schedule"},
		{"PutScheduledAction", action("cron(0 8 ? * Monday *)", "UTC", minimum), "schedule"},
		{"PutScheduledAction", action("cron(0 8 ? * MON *)", "Europe/Atlantis", minimum), "time zone"},
		{"PutScheduledAction", action("cron(0 8 ? * MON *)", "UTC", ""), "minimum or a maximum"},
		{"PutScheduledAction", action("cron(0 8 ? * MON *)", "UTC", `"MinCapacity": 2, "MaxCapacity": 1`), "cannot be less"},
		{"PutScalingPolicy", policy("ExactCapacity", `"MetricIntervalLowerBound": 0, "ScalingAdjustment": 0`), ""},
		{"PutScalingPolicy", policy("ExactCapacity", `"MetricIntervalLowerBound": 0, "ScalingAdjustment": -1`), "non-negative"},
		{"PutScalingPolicy", policy("ExactCapacity", `"ScalingAdjustment": 0`), "can't be null"},
		{"PutScalingPolicy", policy("Exact", `"MetricIntervalLowerBound": 0, "ScalingAdjustment": 0`), "adjustment type"},
	} {
		status, said := call(c.action, c.body)
		if c.refusal == "" && status != http.StatusOK || c.refusal != "" && (status != http.StatusBadRequest || !strings.Contains(said, c.refusal)) {
			t.Errorf("%s %s: %d %s, want %q", c.action, c.body, status, said, c.refusal)
		}
	}
}
