package infra

import (
	"slices"
	"testing"
)

// documentedStatistics are the valid statistics of the asynchronous endpoint's
// metrics. Percentiles are not among them.
// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
var documentedStatistics = map[string][]string{
	"ApproximateBacklogSize":            {"Average", "Maximum", "Minimum"},
	"ApproximateBacklogSizePerInstance": {"Average", "Maximum", "Minimum"},
	"ApproximateAgeOfOldestRequest":     {"Average", "Maximum", "Minimum"},
	"ExpiredRequests":                   {"Sum"},
	"InvocationFailures":                {"Sum"},
	"ModelLatency":                      {"Average", "Sum", "Minimum", "Maximum", "SampleCount"},
	"TimeInBacklog":                     {"Average", "Sum", "Minimum", "Maximum", "SampleCount"},
	"TotalProcessingTime":               {"Average", "Sum", "Minimum", "Maximum", "SampleCount"},
}

func TestEndpointMetricsAreReadByTheirDocumentedStatistics(t *testing.T) {
	seen := 0
	check := func(where, metric, statistic string) {
		valid, ok := documentedStatistics[metric]
		if !ok {
			return
		}
		seen++
		if !slices.Contains(valid, statistic) {
			t.Errorf("%s reads %s by %s; AWS documents %v", where, metric, statistic, valid)
		}
	}
	for _, r := range mustDeploy(t, "dev", map[string]string{"gen3d:model.enabled": "true"}) {
		if r.TypeToken != "aws:cloudwatch/metricAlarm:MetricAlarm" || !r.Inputs["metricName"].IsString() {
			continue
		}
		statistic := r.Inputs["statistic"]
		if !statistic.IsString() {
			statistic = r.Inputs["extendedStatistic"]
		}
		check("alarm "+r.Name, r.Inputs["metricName"].StringValue(), statistic.StringValue())
	}
	for _, properties := range widgetsOf(t, "metric") {
		for _, line := range properties["metrics"].([]any) {
			if parts := line.([]any); len(parts) > 1 {
				check(properties["title"].(string), parts[1].(string), properties["stat"].(string))
			}
		}
	}
	if seen < 8 {
		t.Errorf("only %d metrics of the endpoint are read", seen)
	}
}

func TestDashboardShowsTheStartsOfTheGPU(t *testing.T) {
	for _, g := range graphs(t) {
		if slices.Contains(g.shown, "Wakes") && slices.Contains(g.shown, "WakesFailed") && len(g.shown) == 4 {
			return
		}
	}
	t.Error("no graph shows Wakes and WakesFailed of API and Extract")
}

// Jobs move to Intelligent-Tiering, whose bytes are a metric of their own.
func TestStorageOfJobsIsShown(t *testing.T) {
	for _, properties := range widgetsOf(t, "metric") {
		for _, line := range properties["metrics"].([]any) {
			if slices.Contains(line.([]any), any("IntelligentTieringFAStorage")) {
				return
			}
		}
	}
	t.Error("no graph shows the bytes in Intelligent-Tiering")
}

func TestDailyMetricsAreShownByDay(t *testing.T) {
	for _, properties := range widgetsOf(t, "metric") {
		if properties["title"] == "Storage" {
			if properties["period"] != 86400.0 || properties["start"] != "-P30D" {
				t.Errorf("S3 has a value a day, and the graph has the period %v from %v", properties["period"], properties["start"])
			}
			return
		}
	}
	t.Error("no graph shows the storage")
}

// Metrics of each route, which nothing reads, are billed in addition.
func TestNoMetricIsPaidForThatNothingReads(t *testing.T) {
	for _, r := range mustDeploy(t, "dev", nil) {
		if settings, ok := r.Inputs["defaultRouteSettings"]; ok && settings.ObjectValue()["detailedMetricsEnabled"].BoolValue() {
			t.Errorf("%s has metrics of each route", r.Name)
		}
	}
}
