package extract_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"gen3d/internal/job"
	"gen3d/tests/support/deletion"
	"gen3d/tests/support/s3test"
)

// A deletion and a run can go on at once. Whichever is first, the job stays
// deleted: neither a manifest nor a marker makes it one of the user's jobs
// again, and nothing of it stays. The deletion is begun before each call of a
// run, and its documents are removed at once or only after the run.
func TestAJobDeletedDuringARunStaysDeleted(t *testing.T) {
	coffee := picture(t, "coffee.jpg")
	for name, isAtOnce := range map[string]bool{"at once": true, "after the run": false} {
		t.Run(name, func(t *testing.T) {
			for n := 1; ; n++ {
				w := newWorld(t)
				ref := w.announce("coffee.jpg")
				event := w.put(ref.PhotoKey("coffee", ".jpg"), "image/jpeg", coffee, map[string]string{job.MetaJob: string(ref.Job)})
				var deleting *deletion.Deletion
				var calls atomic.Int64
				w.wire = transport(func(r *http.Request) (*http.Response, error) {
					if int(calls.Add(1)) == n {
						deleting = deletion.Begin(t, ref)
						if isAtOnce {
							deleting.Finish()
						}
					}
					return drain(r)
				})
				err := w.handler().Handle(t.Context(), event)
				if deleting == nil {
					return
				}
				if !isAtOnce {
					deleting.Finish()
				}
				if err != nil { // the photo was being read
					w.handle(event)
				}
				if left := s3test.Keys(t, job.UsersPrefix+w.user+"/"); len(left) > 0 {
					t.Errorf("deleted before call %d: left are %q", n, left)
				}
				if w.has(ref.PendingKey()) {
					t.Errorf("deleted before call %d: the marker is left", n)
				}
			}
		})
	}
}
