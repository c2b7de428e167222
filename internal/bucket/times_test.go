package bucket_test

import (
	"sync"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

func TestTimesAreRevisedConcurrently(t *testing.T) {
	t.Cleanup(func() { s3test.Delete(t, job.TimesKey) })
	b := open()
	if times, err := b.Times(t.Context()); err != nil || len(times.Starts) > 0 {
		t.Fatalf("without a document the times are %+v (%v)", times, err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			done := job.Result{Status: job.StatusSucceeded, Timing: map[string]int64{"reconstruct": 1000}}
			if err := open().ReviseTimes(t.Context(), func(times *job.Times) (bool, error) { return times.Took(&done), nil }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	at := time.Now()
	if err := b.StartAsked(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	if times, err := b.Times(t.Context()); err != nil || len(times.Objects) != 8 || !times.AskedAt.Equal(at) {
		t.Errorf("the times are %+v (%v)", times, err)
	}
}
