package extract_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// deletion deletes a job before the n-th call, as the API does at a user's
// request.
type deletion struct {
	*testing.T
	ref   job.Ref
	n     int
	calls atomic.Int64
}

func (d *deletion) RoundTrip(r *http.Request) (*http.Response, error) {
	if int(d.calls.Add(1)) == d.n {
		snapshot, err := documents().Snapshot(d.Context(), d.ref)
		if err != nil {
			d.Fatal(err)
		}
		if err := documents().RemoveJob(d.Context(), snapshot); err != nil {
			d.Fatal(err)
		}
	}
	return drain(r)
}

// A deletion and a run can go on at once. Whichever is first, the job stays
// deleted: neither a manifest nor a marker makes it one of the user's jobs
// again. The note of a request that was made is left to Notify, which deletes it
// when the request fails.
func TestAJobDeletedDuringARunStaysDeleted(t *testing.T) {
	coffee := picture(t, "coffee.jpg")
	for n := 1; ; n++ {
		w := newWorld(t)
		ref := w.announce("coffee.jpg")
		event := w.put(ref.PhotoKey("coffee", ".jpg"), "image/jpeg", coffee, map[string]string{job.MetaJob: string(ref.Job)})
		deletes := &deletion{T: t, ref: ref, n: n}
		w.wire = deletes
		if err := w.handler().Handle(t.Context(), event); err != nil { // the photo was being read
			w.handle(event)
		}
		if int(deletes.calls.Load()) < n {
			break
		}
		for _, key := range s3test.Keys(t, job.UsersPrefix+w.user+"/") {
			if len(w.endpoint.asked()) == 0 || key != ref.QueuedKey(1) {
				t.Errorf("deleted before call %d: %s is left", n, key)
			}
		}
		if w.has(ref.PendingKey()) {
			t.Errorf("deleted before call %d: the marker is left", n)
		}
	}
}
