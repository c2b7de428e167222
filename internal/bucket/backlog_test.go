package bucket_test

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// queue writes what the functions write of a job with n objects, after each
// other, so that S3's times differ.
func queue(t *testing.T, b *bucket.Bucket, ref job.Ref, objects int) {
	t.Helper()
	if err := b.MarkPhoto(t.Context(), ref, ref.PhotoKey("cup", ".jpg")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CreateManifest(t.Context(), newManifest(ref, "cup")); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= objects; n++ {
		if err := b.PutQueued(t.Context(), ref, job.Queued{Version: job.Version, Index: n}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBacklogCountsTheObjectsOfEarlierRequests(t *testing.T) {
	b := open()
	at := time.Now()
	first := job.Ref{User: s3test.User(t), Job: newID(t, at.Add(-time.Minute))}
	second := job.Ref{User: first.User, Job: newID(t, at.Add(-30*time.Second))}
	third := job.Ref{User: s3test.User(t), Job: newID(t, at)}
	queue(t, b, first, 3)
	queue(t, b, second, 2)
	queue(t, b, third, 1)
	uploading, waiting := newRef(t), newRef(t)
	if err := b.MarkPending(t.Context(), uploading); err != nil {
		t.Fatal(err)
	}
	queue(t, b, waiting, 0) // for a place
	if _, err := b.CreateResult(t.Context(), first, job.FailedResult(2, job.Failure{Code: job.CodeTimedOut}, at)); err != nil {
		t.Fatal(err)
	}
	ahead := func(ref job.Ref) int {
		t.Helper()
		backlog, err := b.Backlog(t.Context())
		if err != nil || backlog.Partial {
			t.Fatalf("the backlog is %+v (%v)", backlog, err)
		}
		snapshot, err := b.Snapshot(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		return backlog.Ahead(snapshot)
	}
	for ref, want := range map[job.Ref]int{first: 0, second: 2, third: 4, waiting: 5} {
		if got := ahead(ref); got != want {
			t.Errorf("ahead of the job of %s are %d objects; want %d", ref.User, got, want)
		}
	}
	if err := b.DeleteJob(t.Context(), first, ""); err != nil {
		t.Fatal(err)
	}
	if got := ahead(third); got != 2 {
		t.Errorf("after a job was deleted, %d objects are ahead; want 2", got)
	}
}

// More than a hundred jobs: the first hundred count.
func TestBacklogIsBounded(t *testing.T) {
	b, user := open(), s3test.User(t)
	var group errgroup.Group
	group.SetLimit(8)
	for range 103 {
		ref := job.Ref{User: user, Job: newID(t, time.Now())}
		group.Go(func() error {
			err := b.PutQueued(t.Context(), ref, job.Queued{Version: job.Version, Index: 1})
			return errors.Join(err, b.MarkPhoto(t.Context(), ref, ref.PhotoKey("cup", ".jpg")))
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	backlog, err := b.Backlog(t.Context())
	if err != nil || !backlog.Partial {
		t.Fatalf("the backlog is %+v (%v)", backlog, err)
	}
	last := job.NewSnapshot(newRef(t))
	if got := backlog.Ahead(last); got != 100 {
		t.Errorf("%d objects are ahead; want those of the 100 jobs that are read", got)
	}
}
