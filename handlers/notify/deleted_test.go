package notify_test

import (
	"net/http"
	"testing"

	"gen3d/tests/support/deletion"
)

// A deletion and a run can go on at once. Whichever is first, the job stays
// deleted: no notice makes it one of the user's jobs again. The deletion is begun
// before each call of a run, and its documents are removed at once or only after
// the run.
func TestAJobDeletedDuringARunStaysDeleted(t *testing.T) {
	for name, isAtOnce := range map[string]bool{"at once": true, "after the run": false} {
		t.Run(name, func(t *testing.T) {
			for n := 1; ; n++ {
				s := newService(t)
				m := s.job("cat.jpg", "")
				s.succeed(m, 1)
				event := s.last(m)
				var deleting *deletion.Deletion
				calls := 0
				h := s.handler(watching(func(*http.Request) error {
					if calls++; calls == n {
						deleting = deletion.Begin(t, m.Ref())
						if isAtOnce {
							deleting.Finish()
						}
					}
					return nil
				}))
				err := run(t, h, "request-1", event)
				if deleting == nil {
					return
				}
				if !isAtOnce {
					deleting.Finish()
				}
				if err != nil { // what it was reading is gone, and Lambda runs the event again
					s.mustRun(event)
				}
				if left := append(s.bucketKeys(m.Ref().OutputPrefix()), s.bucketKeys(m.Ref().PendingKey())...); len(left) > 0 {
					t.Errorf("deleted before call %d: left are %v", n, left)
				}
			}
		})
	}
}
