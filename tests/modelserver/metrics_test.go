package modelserver_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"gen3d/internal/job"
	"gen3d/tests/support/double"
)

// units of CloudWatch, without those of rates:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
const units = " Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits Megabits Gigabits Terabits Percent Count None "

// checkEmbedded checks a line against the JSON schema of the embedded metric
// format and returns its values by name, with the unit:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func checkEmbedded(t *testing.T, line string) map[string]string {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal([]byte(line), &root); err != nil || len(line) > 256<<10 {
		t.Fatalf("%d bytes that are no event of metrics: %v", len(line), err)
	}
	wrong := func(is bool, format string, args ...any) {
		t.Helper()
		if is {
			t.Errorf(format+" in %s", append(args, line)...)
		}
	}
	text := func(v any, longest int) string {
		t.Helper()
		s, ok := v.(string)
		wrong(!ok || s == "" || len(s) > longest, "%v is not 1 to %d characters", v, longest)
		return s
	}
	meta, _ := root["_aws"].(map[string]any)
	at, ok := meta["Timestamp"].(float64)
	wrong(!ok || at != math.Trunc(at) || at < 1.6e12 || at > 1e14, "the time %v is not in milliseconds", meta["Timestamp"])
	directives, _ := meta["CloudWatchMetrics"].([]any)
	wrong(len(directives) == 0, "there are no directives")
	found := map[string]string{}
	for _, d := range directives {
		directive, _ := d.(map[string]any)
		wrong(len(directive) != 3, "a directive has other members than three")
		text(directive["Namespace"], 1024)
		sets, _ := directive["Dimensions"].([]any)
		wrong(len(sets) == 0, "there are no sets of dimensions")
		for _, set := range sets {
			names, ok := set.([]any)
			wrong(!ok || len(names) > 30, "a set of dimensions is %v", set)
			for _, name := range names {
				text(root[text(name, 250)], 1024)
			}
		}
		metrics, _ := directive["Metrics"].([]any)
		wrong(len(metrics) == 0 || len(metrics) > 100, "there are %d metrics", len(metrics))
		for _, m := range metrics {
			metric, _ := m.(map[string]any)
			name, unit := text(metric["Name"], 1024), text(metric["Unit"], 20)
			wrong(!strings.Contains(units, " "+unit+" ") || len(metric) != 2, "%s is defined as %v", name, metric)
			_, isNumber := root[name].(float64)
			wrong(!isNumber, "%s is %v", name, root[name])
			wrong(found[name] != "", "%s is there twice", name)
			found[name] = unit
		}
	}
	return found
}

func TestMetricsAreInTheEmbeddedFormatAndAnObjectHasItsCost(t *testing.T) {
	t.Parallel()
	s := start(t, "DOUBLE_GPU_MS=100")
	result := s.process(s.job("coffee.jpg", 1, 1), 1)
	s.process(s.job("cat.jpg", 1, double.SeedMemory), 1)

	if cost := result.Cost; cost == nil || cost.InstanceType != "ml.g6e.xlarge" || cost.Seconds < 0.1 ||
		math.Abs(cost.USD-cost.Seconds/3600*2.6054) > 2e-6 {
		t.Errorf("the cost is %+v", result.Cost)
	}
	for _, stage := range []job.Stage{job.StageFetch, job.StageMask, job.StageReconstruct, job.StageExport} {
		if _, ok := result.Timing[string(stage)]; !ok {
			t.Errorf("the timing has no %s: %v", stage, result.Timing)
		}
	}
	// The worker's start, the server's metrics of both objects, and the worker's of
	// the successful one.
	var lines []string
	s.eventually("four events", func() bool {
		lines = slices.DeleteFunc(s.log.Lines(), func(line string) bool { return !strings.Contains(line, `"_aws"`) })
		return len(lines) == 4
	})
	seen := map[string]string{}
	for _, line := range lines {
		for name, unit := range checkEmbedded(t, line) {
			seen[name] = unit
		}
	}
	for name, unit := range map[string]string{
		"ObjectsSucceeded": "Count", "ObjectsFailed": "Count", "InFlight": "Count", "QueueWaitMs": "Milliseconds", "TotalMs": "Milliseconds",
		"FetchMs": "Milliseconds", "MaskMs": "Milliseconds", "ReconstructMs": "Milliseconds", "ExportMs": "Milliseconds",
		"DepthMs": "Milliseconds", "SparseStructureMs": "Milliseconds", "LatentsMs": "Milliseconds", "DecodeMs": "Milliseconds",
		"GpuPeakBytes": "Bytes", "GpuReservedBytes": "Bytes", "ReducedSettings": "Count", "CostUSD": "None",
		"WorkerSetupMs": "Milliseconds",
	} {
		if seen[name] != unit {
			t.Errorf("the metric %s has the unit %q, want %q", name, seen[name], unit)
		}
	}
}
