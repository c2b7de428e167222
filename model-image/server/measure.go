package server

import (
	"math"
	"time"

	"gen3d/internal/job"
	"gen3d/internal/telemetry"
)

// timing returns a result's durations in milliseconds by stage, and their
// total, which includes waiting.
func timing(spent map[job.Stage]time.Duration, total time.Duration) map[string]int64 {
	ms := map[string]int64{"total": total.Milliseconds()}
	for stage, d := range spent {
		ms[string(stage)] = d.Milliseconds()
	}
	return ms
}

// cost returns the price of the backend's time for an object, without the time
// in which it works on the next one already, or nil if the instance has no price
// or the backend was not reached.
func (s *Server) cost(d time.Duration) *job.Cost {
	if s.cfg.PricePerHour == 0 || d <= 0 {
		return nil
	}
	return &job.Cost{
		USD:          math.Round(d.Hours()*s.cfg.PricePerHour*1e6) / 1e6,
		Seconds:      math.Round(d.Seconds()*1e3) / 1e3,
		InstanceType: s.cfg.InstanceType,
	}
}

// noUnit is CloudWatch's unit for values without a unit.
const noUnit telemetry.Unit = "None"

// stageMetrics names the metric of each stage.
var stageMetrics = map[job.Stage]string{
	job.StageFetch: "FetchMs", job.StageMask: "MaskMs",
	job.StageReconstruct: "ReconstructMs", job.StageExport: "ExportMs",
}

// measure emits one object's metrics.
func (s *Server) measure(w *work, r job.Result, spent map[job.Stage]time.Duration, total time.Duration) {
	properties := map[string]any{
		"jobId": string(w.manifest.JobID), "object": w.object.Index, "backend": string(r.Backend),
	}
	succeeded, failed := 1.0, 0.0
	if r.Error != nil {
		succeeded, failed = 0, 1
		properties["code"] = string(r.Error.Code)
	}
	metrics := []telemetry.Metric{
		{Name: "ObjectsSucceeded", Unit: telemetry.Count, Value: succeeded},
		{Name: "ObjectsFailed", Unit: telemetry.Count, Value: failed},
		{Name: "InFlight", Unit: telemetry.Count, Value: float64(s.inFlight.Load())},
		{Name: "QueueWaitMs", Unit: telemetry.Milliseconds, Value: milliseconds(w.waited)},
		{Name: "TotalMs", Unit: telemetry.Milliseconds, Value: milliseconds(total)},
	}
	for _, stage := range []job.Stage{job.StageFetch, job.StageMask, job.StageReconstruct, job.StageExport} {
		if d, ok := spent[stage]; ok {
			metrics = append(metrics, telemetry.Metric{Name: stageMetrics[stage], Unit: telemetry.Milliseconds, Value: milliseconds(d)})
		}
	}
	if r.Cost != nil {
		metrics = append(metrics, telemetry.Metric{Name: "CostUSD", Unit: noUnit, Value: r.Cost.USD})
	}
	s.metrics.Emit(properties, metrics...)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
