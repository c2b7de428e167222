package server

import (
	"testing"

	"gen3d/internal/job"
)

func TestReliefWritesEveryFormat(t *testing.T) {
	for _, info := range job.Formats() {
		if encoders[info.Format] == nil && info.Format != job.FormatMask {
			t.Errorf("relief cannot write %s", info.Format)
		}
	}
	if len(encoders) != len(job.Formats())-1 {
		t.Errorf("relief writes %d formats of the mesh; there are %d", len(encoders), len(job.Formats())-1)
	}
}
