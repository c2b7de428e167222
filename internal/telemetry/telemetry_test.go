package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"gen3d/internal/telemetry"
)

func TestLinesOfAnInvocationHaveItsRequestID(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, slog.LevelInfo).With("stack", "dev")
	ctx := lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"})
	log.InfoContext(ctx, "inside", "jobId", "job-1")
	log.Info("outside")
	log.Debug("too fine to be written")
	var lines []map[string]any
	for decoder := json.NewDecoder(&out); decoder.More(); {
		var line map[string]any
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if len(lines) != 2 || lines[0]["requestId"] != "request-1" || lines[0]["jobId"] != "job-1" || lines[0]["stack"] != "dev" {
		t.Fatalf("the lines are %v", lines)
	}
	if _, ok := lines[1]["requestId"]; ok {
		t.Errorf("a line outside of an invocation has a request id: %v", lines[1])
	}
}

// The names are those of CloudWatch's specification of the embedded metric
// format.
func TestMetricsUseTheEmbeddedFormat(t *testing.T) {
	var out bytes.Buffer
	at := time.UnixMilli(1_700_000_000_123)
	metrics := telemetry.NewMetrics(&out, func() time.Time { return at }, map[string]string{"Stack": "dev", "Function": "extract"})
	metrics.Emit(map[string]any{"jobId": "job-1"},
		telemetry.Metric{Name: "JobsQueued", Unit: telemetry.Count, Value: 1},
		telemetry.Metric{Name: "ExtractLatency", Unit: telemetry.Milliseconds, Value: 12.5})
	var line struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
		Stack, Function string
		JobID           string `json:"jobId"`
		JobsQueued      float64
		ExtractLatency  float64
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || bytes.Count(out.Bytes(), []byte("\n")) != 1 {
		t.Fatalf("%v: %s", err, out.Bytes())
	}
	if line.AWS.Timestamp != at.UnixMilli() || len(line.AWS.CloudWatchMetrics) != 1 || line.Stack != "dev" || line.Function != "extract" ||
		line.JobID != "job-1" || line.JobsQueued != 1 || line.ExtractLatency != 12.5 {
		t.Fatalf("the line is %s", out.Bytes())
	}
	directive := line.AWS.CloudWatchMetrics[0]
	if directive.Namespace != "Gen3D" || len(directive.Dimensions) != 1 || len(directive.Dimensions[0]) != 2 ||
		len(directive.Metrics) != 2 || directive.Metrics[0].Name != "JobsQueued" || directive.Metrics[0].Unit != "Count" ||
		directive.Metrics[1].Unit != "Milliseconds" {
		t.Errorf("the directive is %+v", directive)
	}
}

func TestConcurrentMetricsWriteWholeLines(t *testing.T) {
	var out bytes.Buffer
	metrics := telemetry.NewMetrics(&out, time.Now, nil)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() { metrics.Emit(nil, telemetry.Metric{Name: "A", Unit: telemetry.Count, Value: 1}) })
	}
	group.Wait()
	lines := 0
	for decoder := json.NewDecoder(&out); decoder.More(); lines++ {
		var line map[string]any
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
	}
	if lines != 50 {
		t.Errorf("%d lines", lines)
	}
	var none *telemetry.Metrics
	none.Emit(nil, telemetry.Metric{Name: "A"}) // a nil Metrics discards
}
