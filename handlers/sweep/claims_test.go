package sweep_test

import (
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

func TestClaimsAreDeletedADayAfterTheLastOne(t *testing.T) {
	w := newWorld(t)
	ref := w.newRef()
	w.must(w.bucket.MarkPending(t.Context(), ref))
	if places, err := w.bucket.Claim(t.Context(), ref.User, []job.ID{ref.Job}, 1, time.Now()); err != nil || len(places) != 1 {
		t.Fatalf("the claim gives %v (%v)", places, err)
	}
	w.must(w.bucket.ClearPending(t.Context(), ref))
	w.sweep(job.ClaimsLife - time.Hour)
	if _, ok := s3test.Get(t, job.ClaimsKey(ref.User)); !ok {
		t.Error("the claims are kept for less than a day")
	}
	w.sweep(job.ClaimsLife + time.Hour)
	if _, ok := s3test.Get(t, job.ClaimsKey(ref.User)); ok {
		t.Error("the claims are kept for longer than a day")
	}
}
