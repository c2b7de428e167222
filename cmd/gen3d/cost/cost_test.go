package cost_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gen3d/cmd/gen3d/cost"
	"gen3d/tests/support/command"
	"gen3d/tests/support/standin"
)

func run(t *testing.T, args ...string) command.Result {
	t.Helper()
	return command.Run(t, &struct {
		Cost cost.Command `cmd:""`
	}{}, "", append([]string{"cost"}, args...)...)
}

func settingsFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "Pulumi.dev.yaml")
	text := "config:\n  aws:region: us-east-1\n  gen3d:email.sender: noreply@example.com\n  gen3d:email.admin: admin@example.com\n  gen3d:autoscaling.idleMinutes: 10\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCostShowsItsArithmetic(t *testing.T) {
	result := run(t, "--config", settingsFile(t), "--objects-per-day", "50")
	if result.Failure != nil {
		t.Fatal(result.Failure)
	}
	for _, part := range []string{
		"ml.g6e.xlarge, $2.6054 an hour", "50 a day (--objects-per-day), within 10 hours, on 30 days", "s = 1m0s of the GPU (an estimate; --object-time)",
		"removed T = 11m0s after the last object (10 idle minutes, and one until the stop)", "λ = 50 / 10 h = 5.000 an hour; busy ρ = λs = 0.083",
		"of which work s · $2.6054 = $0.0434", "ml.p5.4xlarge", "fal.ai   SAM 3D Objects", "$ A MESH", "https://fal.ai/models/", "unchecked", "Only the GPU is counted",
	} {
		if !strings.Contains(result.Out, part) {
			t.Errorf("%q is not in\n%s", part, result.Out)
		}
	}
	result = run(t, "--config", settingsFile(t), "--objects-per-day", "50", "--json")
	var e struct {
		MonthUSD, MeshUSD float64
		Types, Hosted     []map[string]any
	}
	if err := json.Unmarshal([]byte(result.Out), &e); err != nil || e.MonthUSD < 500 || e.MonthUSD > 600 || e.MeshUSD < e.MonthUSD/1500-1e-9 || len(e.Types) < 5 || len(e.Hosted) != 2 {
		t.Errorf("%v, %+v", err, e)
	}
}

func TestCostOfAStackIsFromItsMetrics(t *testing.T) {
	aws := standin.New(t)
	sums := map[string]float64{"ObjectsSucceeded Sum": 290, "ObjectsFailed Sum": 10, "ReconstructMs Sum": 300 * 40000, "ReconstructMs SampleCount": 300}
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
	aws.On("GraniteServiceVersion20100801.GetMetricData", standin.Strict(func(in struct {
		StartTime, EndTime float64
		MetricDataQueries  []struct {
			Id         string
			MetricStat struct {
				Metric struct {
					Namespace, MetricName string
					Dimensions            []struct{ Name, Value string }
				}
				Period int
				Stat   string
			}
		}
	}) (any, *standin.Fault) {
		var results []any
		for _, q := range in.MetricDataQueries {
			m := q.MetricStat
			value, there := sums[m.Metric.MetricName+" "+m.Stat]
			if m.Metric.Namespace != "Gen3D" || m.Period%86400 != 0 || len(m.Metric.Dimensions) != 2 || m.Metric.Dimensions[0].Value != "dev" || m.Metric.Dimensions[1].Value != "sam3d" {
				return nil, &standin.Fault{Status: http.StatusBadRequest, Code: "ValidationError", Message: q.Id}
			}
			values := []any{}
			if there {
				values = []any{value / 2, value / 2}
			}
			results = append(results, map[string]any{"Id": q.Id, "Values": values})
		}
		return map[string]any{"MetricDataResults": results}, nil
	}))
	aws.Stack(standin.Outputs(), map[string]string{"gen3d:email.sender": "noreply@example.com", "gen3d:email.admin": "admin@example.com"})
	result := run(t, "--stack", "dev")
	for _, part := range []string{"10 a day (CloudWatch: 300 in 30 days)", "s = " + (40 * time.Second).String() + " of the GPU (CloudWatch, mean of 30 days)"} {
		if result.Failure != nil || !strings.Contains(result.Out, part) {
			t.Errorf("%q is not in %v\n%s", part, result.Failure, result.Out)
		}
	}
	clear(sums)
	if result := run(t, "--stack", "dev"); result.Failure == nil || !strings.Contains(result.Failure.Error(), "stack dev made no object in 30 days: give --objects-per-day") {
		t.Errorf("no objects: %v", result.Failure)
	}
	if calls := aws.Calls(); slices.ContainsFunc(calls, func(c string) bool { return !strings.HasSuffix(c, ".GetMetricData") }) {
		t.Errorf("called %q", calls)
	}
}

func TestCostSaysWhatIsMissing(t *testing.T) {
	for want, args := range map[string][]string{
		"say which settings":                {"--objects-per-day", "5"},
		"say how many: --objects-per-day N": {"--config", settingsFile(t)},
		"reading a stack's settings":        {"--config", "/not/there.yaml"},
		"the numbers make no month":         {"--config", settingsFile(t), "--objects-per-day", "5", "--days-per-month", "50"},
	} {
		if result := run(t, args...); result.Failure == nil || !strings.Contains(result.Failure.Error(), want) {
			t.Errorf("%v: %v, want %q", args, result.Failure, want)
		}
	}
}
