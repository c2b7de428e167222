package bucket_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

func TestConcurrentManifestsKeepTheFirst(t *testing.T) {
	b, ref := open(), newRef(t)
	var won atomic.Int64
	var winner atomic.Value
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			label := fmt.Sprint(i)
			created, err := b.CreateManifest(t.Context(), newManifest(ref, label))
			if err != nil {
				t.Error(err)
			}
			if created {
				won.Add(1)
				winner.Store(label)
			}
		})
	}
	all.Wait()
	m, err := b.Manifest(t.Context(), ref)
	if err != nil || won.Load() != 1 || m.Objects[0].Label != winner.Load() {
		t.Errorf("%d writes won, the last of them %v; stored is %+v (%v)", won.Load(), winner.Load(), m, err)
	}
}

func TestFirstResultIsKept(t *testing.T) {
	b, ref := open(), newRef(t)
	first := job.FailedResult(1, job.Failure{Code: job.CodeTimedOut, Message: "m"}, time.Now())
	for i, r := range []job.Result{first, {Version: 1, Index: 1, Status: job.StatusSucceeded}} {
		if created, err := b.CreateResult(t.Context(), ref, r); err != nil || created != (i == 0) {
			t.Errorf("result %d: created is %v (%v)", i, created, err)
		}
	}
	if r, err := b.Result(t.Context(), ref, 1); err != nil || r.Status != job.StatusFailed || *r.Error != *first.Error {
		t.Errorf("stored is %+v (%v)", r, err)
	}
}

func TestOnlyTheHolderOfTheLatestLeaseCanReplaceIt(t *testing.T) {
	b, ref, ctx := open(), newRef(t), t.Context()
	first := job.Notice{Version: 1, Holder: "first", LeasedAt: time.Now().UTC()}
	etag, err := b.CreateNotice(ctx, ref, first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.CreateNotice(ctx, ref, job.Notice{Holder: "second"}); !errors.Is(err, bucket.ErrConflict) {
		t.Errorf("a second lease gives %v", err)
	}
	found, read, err := b.Notice(ctx, ref)
	if err != nil || read != etag || found.Holder != "first" || !found.LeasedAt.Equal(first.LeasedAt) {
		t.Errorf("the lease is read as %+v with %s, not %s (%v)", found, read, etag, err)
	}
	later, err := b.ReplaceNotice(ctx, ref, job.Notice{Holder: "third"}, etag)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.ReplaceNotice(ctx, ref, job.Notice{Holder: "first", SentAt: time.Now()}, etag); !errors.Is(err, bucket.ErrConflict) {
		t.Errorf("the old holder's mark gives %v", err)
	}
	if _, err := b.ReplaceNotice(ctx, ref, job.Notice{Holder: "third", SentAt: time.Now()}, later); err != nil {
		t.Errorf("the new holder's mark gives %v", err)
	}
	if err := b.DeleteJob(ctx, ref, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ReplaceNotice(ctx, ref, first, later); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("a mark on a deleted job gives %v", err)
	}
}

func TestOneOfManyRunsGetsAnOldLease(t *testing.T) {
	b, ref := open(), newRef(t)
	etag, err := b.CreateNotice(t.Context(), ref, job.Notice{Holder: "ended"})
	if err != nil {
		t.Fatal(err)
	}
	var won atomic.Int64
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			_, err := b.ReplaceNotice(t.Context(), ref, job.Notice{Holder: fmt.Sprint(i)}, etag)
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, bucket.ErrConflict) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d got it", won.Load())
	}
}

func TestUploadIsCreatedOnce(t *testing.T) {
	b, ref := open(), newRef(t)
	u := &job.Upload{
		Version: 1, JobID: ref.Job, UserID: ref.User, Name: "ü \"x\".jpg", Objects: []job.Selection{{Box: &job.Box{0, 0, 9, 9}}},
		Options: job.Options{Quality: job.QualityHigh, Faces: 2000},
	}
	if err := b.CreateUpload(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if err := b.CreateUpload(t.Context(), u); !errors.Is(err, bucket.ErrConflict) {
		t.Errorf("a second upload document gives %v", err)
	}
	if read, err := b.Upload(t.Context(), ref); err != nil || !reflect.DeepEqual(read, u) {
		t.Errorf("it is read as %+v (%v)", read, err)
	}
}

func TestEachStageReplacesTheOneBefore(t *testing.T) {
	b, ref := open(), newRef(t)
	for _, stage := range []job.Stage{job.StageFetch, job.StageMask, job.StageExport} {
		if err := b.PutProgress(t.Context(), ref, job.Progress{Version: 1, Index: 3, Stage: stage}); err != nil {
			t.Fatal(err)
		}
		if p, err := b.Progress(t.Context(), ref, 3); err != nil || p.Stage != stage {
			t.Errorf("the stage is %+v, not %s (%v)", p, stage, err)
		}
	}
}

func TestMissingDocumentsAreNotFound(t *testing.T) {
	b, ref, ctx := open(), newRef(t), t.Context()
	for name, read := range map[string]func() error{
		"manifest": func() error { _, err := b.Manifest(ctx, ref); return err },
		"upload":   func() error { _, err := b.Upload(ctx, ref); return err },
		"result":   func() error { _, err := b.Result(ctx, ref, 1); return err },
		"progress": func() error { _, err := b.Progress(ctx, ref, 1); return err },
		"notice":   func() error { _, _, err := b.Notice(ctx, ref); return err },
		"photo":    func() error { _, err := b.Photo(ctx, "users/x/input/none.jpg", ""); return err },
		"content":  func() error { _, err := b.OpenPhoto(ctx, "users/x/input/none.jpg", "", 0, 9); return err },
		"marker":   func() error { _, err := b.MarkedPhoto(ctx, ref); return err },
	} {
		if err := read(); !errors.Is(err, bucket.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDocumentsThatCannotBeReadAreErrorsAndNotAbsent(t *testing.T) {
	b := open()
	for name, test := range map[string]struct{ text, says string }{
		"no JSON":   {"{", "manifest"},
		"too large": {`{"x":"` + strings.Repeat("x", 256<<10) + `"}`, "larger"},
		"version":   {`{"version":2}`, "version"},
	} {
		ref := newRef(t)
		junk(t, ref.ManifestKey(), test.text)
		if _, err := b.Manifest(t.Context(), ref); err == nil || errors.Is(err, bucket.ErrNotFound) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ref := newRef(t)
	junk(t, ref.ResultKey(1), `[]`)
	if _, err := b.Result(t.Context(), ref, 1); err == nil || errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("a result that is a list: %v", err)
	}
}

func TestManifestOfAnotherFolderIsRefused(t *testing.T) {
	b, ref, other := open(), newRef(t), newRef(t)
	if _, err := b.CreateManifest(t.Context(), newManifest(other, "")); err != nil {
		t.Fatal(err)
	}
	data, ok := get(t, other.ManifestKey())
	if !ok {
		t.Fatal("there is not a manifest")
	}
	junk(t, ref.ManifestKey(), data)
	if _, err := b.Manifest(t.Context(), ref); err == nil || !strings.Contains(err.Error(), "another folder") {
		t.Errorf("it gives %v", err)
	}
}
