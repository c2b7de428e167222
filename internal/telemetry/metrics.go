package telemetry

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// Namespace of every metric.
const Namespace = "Gen3D"

// Unit of a metric, as in CloudWatch:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
type Unit string

// The units used here.
const (
	Count        Unit = "Count"
	Milliseconds Unit = "Milliseconds"
	Seconds      Unit = "Seconds"
	Bytes        Unit = "Bytes"
)

// Metric is one value.
type Metric struct {
	Name  string
	Unit  Unit
	Value float64
}

// Metrics writes values in the embedded metric format:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
// It is safe for concurrent use.
type Metrics struct {
	mu         sync.Mutex
	w          io.Writer
	now        func() time.Time
	dimensions map[string]string
}

// NewMetrics returns Metrics that write to w, with the same dimensions (such as
// Stack and Function) on every value.
func NewMetrics(w io.Writer, now func() time.Time, dimensions map[string]string) *Metrics {
	return &Metrics{w: w, now: now, dimensions: dimensions}
}

// Emit writes the values as one line. properties, such as a job's ID, are
// searchable but are not metrics. Errors of writing are ignored: a metric must
// not fail the work that it measures.
func (m *Metrics) Emit(properties map[string]any, metrics ...Metric) {
	if m == nil || len(metrics) == 0 {
		return
	}
	line := map[string]any{}
	maps.Copy(line, properties)
	names := make([]string, 0, len(m.dimensions))
	for name, value := range m.dimensions {
		names = append(names, name)
		line[name] = value
	}
	slices.Sort(names)
	definitions := make([]map[string]any, len(metrics))
	for i, metric := range metrics {
		definitions[i] = map[string]any{"Name": metric.Name, "Unit": metric.Unit}
		line[metric.Name] = metric.Value
	}
	line["_aws"] = map[string]any{
		"Timestamp": m.now().UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{
			"Namespace": Namespace, "Dimensions": [][]string{names}, "Metrics": definitions,
		}},
	}
	data, err := json.Marshal(line)
	if err != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, _ = fmt.Fprintf(m.w, "%s\n", data)
}
