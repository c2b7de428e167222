package sam3d

import "gen3d/internal/telemetry"

// measureExport logs the time of an export.
func (b *Backend) measureExport(written *result) {
	b.cfg.Log.Info("object exported", "run", written.ID, "timing", written.Timing, "vertices", written.Mesh.Vertices)
}

// measure logs what the worker has made and emits the metrics that only this
// backend has.
func (b *Backend) measure(made *made) {
	b.cfg.Log.Info("object made", "run", made.ID, "timing", made.Timing, "mask", made.Mask.Source, "maskShare", made.Mask.Share,
		"peakBytes", made.Memory.PeakBytes, "reduced", made.Reduced)
	reduced := 0.0
	if made.Reduced {
		reduced = 1
	}
	metrics := []telemetry.Metric{
		{Name: "GpuPeakBytes", Unit: telemetry.Bytes, Value: float64(made.Memory.PeakBytes)},
		{Name: "GpuReservedBytes", Unit: telemetry.Bytes, Value: float64(made.Memory.ReservedBytes)},
		{Name: "ReducedSettings", Unit: telemetry.Count, Value: reduced},
	}
	for stage, name := range stageMetrics {
		if ms, ok := made.Timing[stage]; ok {
			metrics = append(metrics, telemetry.Metric{Name: name, Unit: telemetry.Milliseconds, Value: float64(ms)})
		}
	}
	b.emit(map[string]any{"run": made.ID}, metrics...)
}

// emit emits metrics, if they are configured.
func (b *Backend) emit(properties map[string]any, metrics ...telemetry.Metric) {
	if b.cfg.Metrics != nil {
		b.cfg.Metrics.Emit(properties, metrics...)
	}
}

// stageMetrics names the metrics of the stages that only this backend has.
var stageMetrics = map[string]string{
	"depth": "DepthMs", "sparse_structure": "SparseStructureMs", "latents": "LatentsMs", "decode": "DecodeMs", "handover": "HandoverMs",
}
