package transcript_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"gen3d/tests/support/transcript"
)

func TestLinesAreComplete(t *testing.T) {
	var log transcript.Log
	for _, step := range []struct {
		write string
		lines []string
	}{{"", nil}, {"half", nil}, {" a line\n\nand", []string{"half a line", ""}}} {
		fmt.Fprint(&log, step.write)
		if got := log.Lines(); !slices.Equal(got, step.lines) {
			t.Errorf("after %q the lines are %q, want %q", step.write, got, step.lines)
		}
	}
	if got := log.String(); got != "half a line\n\nand" {
		t.Errorf("the log is %q", got)
	}
}

func TestConcurrentWritersLoseNoLines(t *testing.T) {
	var log transcript.Log
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 100 {
				fmt.Fprintln(&log, "line")
				_ = log.Lines()
			}
		})
	}
	writers.Wait()
	if got := len(log.Lines()); got != 800 {
		t.Errorf("%d lines, want 800", got)
	}
}
