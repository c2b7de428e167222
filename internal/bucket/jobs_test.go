package bucket_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

func get(t *testing.T, key string) (string, bool) {
	t.Helper()
	data, ok := s3test.Get(t, key)
	return string(data), ok
}

func TestJobsAreListedNewestFirstInPages(t *testing.T) {
	b, user := open(), s3test.User(t)
	var want []job.ID
	for i := range 25 {
		id := newID(t, time.Now().Add(-time.Duration(i)*time.Minute))
		ref := job.Ref{User: user, Job: id}
		if _, err := b.CreateManifest(t.Context(), newManifest(ref, "")); err != nil {
			t.Fatal(err)
		}
		// A folder with several objects is one entry.
		for n := 1; n <= 3; n++ {
			if _, err := b.CreateResult(t.Context(), ref, job.FailedResult(n, job.Failure{}, time.Now())); err != nil {
				t.Fatal(err)
			}
		}
		want = append(want, id)
	}
	junk(t, job.OutputPrefix(user)+"zzz/readme.txt", "{}")
	var got []job.ID
	var after job.ID
	for pages := 1; ; pages++ {
		ids, more, err := b.Jobs(t.Context(), user, after, 10)
		if err != nil || len(ids) > 10 {
			t.Fatalf("a page has %d jobs (%v)", len(ids), err)
		}
		got = append(got, ids...)
		if !more {
			if pages != 3 {
				t.Errorf("25 jobs took %d pages of 10", pages)
			}
			break
		}
		after = ids[len(ids)-1]
	}
	if !slices.Equal(got, want) {
		t.Errorf("the pages have\n%v, not\n%v", got, want)
	}
	if ids, more, err := b.Jobs(t.Context(), "unknown", "", 10); err != nil || more || len(ids) > 0 {
		t.Errorf("an unknown user has %v, %v (%v)", ids, more, err)
	}
}

// A user's ID can be a prefix of another's.
func TestUsersWhoseNamesBeginAlikeAreKeptApart(t *testing.T) {
	b, user := open(), s3test.User(t)
	mine := job.Ref{User: user, Job: newID(t, time.Now())}
	longer := job.Ref{User: user + "-2", Job: newID(t, time.Now())}
	for _, ref := range []job.Ref{mine, longer} {
		if _, err := b.CreateManifest(t.Context(), newManifest(ref, "")); err != nil {
			t.Fatal(err)
		}
		if err := b.MarkPending(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s3test.Delete(t, ref.ManifestKey()); s3test.Delete(t, ref.PendingKey()) })
	}
	if ids, _, err := b.Jobs(t.Context(), user, "", 10); err != nil || !slices.Equal(ids, []job.ID{mine.Job}) {
		t.Errorf("the jobs are %v (%v)", ids, err)
	}
	if err := b.DeleteJob(t.Context(), mine, ""); err != nil {
		t.Fatal(err)
	}
	if _, ok := get(t, longer.ManifestKey()); !ok {
		t.Error("deleting one's job deleted the other's")
	}
}

func TestMarkersOfUnfinishedJobsAreVisited(t *testing.T) {
	b, user := open(), s3test.User(t)
	var refs []job.Ref
	for range 5 {
		ref := job.Ref{User: user, Job: newID(t, time.Now())}
		for range 2 { // a repeat counts once
			if err := b.MarkPending(t.Context(), ref); err != nil {
				t.Fatal(err)
			}
		}
		refs = append(refs, ref)
	}
	if _, err := b.Claim(t.Context(), user, []job.ID{refs[0].Job}, 5, time.Now()); err != nil { // no marker
		t.Fatal(err)
	}
	for range 2 { // a repeat is no error
		if err := b.ClearPending(t.Context(), refs[0]); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[job.Ref]time.Time{}
	err := b.EachPending(t.Context(), func(p bucket.Pending) bool {
		seen[p.Ref] = p.Marked
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range refs[1:] {
		if age := time.Since(seen[ref]); age > time.Hour || age < -time.Hour {
			t.Errorf("the marker of %s is from %s", ref.Job, seen[ref])
		}
	}
	if _, ok := seen[refs[0]]; ok {
		t.Error("a cleared marker is still seen")
	}
	visits := 0
	if err := b.EachPending(t.Context(), func(bucket.Pending) bool { visits++; return false }); err != nil || visits != 1 {
		t.Errorf("a visit that says stop is followed by %d (%v)", visits-1, err)
	}
}

func TestMarkerHasThePhotosKey(t *testing.T) {
	b, ref := open(), newRef(t)
	for _, key := range []string{"", "users/" + ref.User + "/input/ü + b.jpg"} {
		if err := b.MarkPhoto(t.Context(), ref, key); err != nil {
			t.Fatal(err)
		}
		if got, err := b.MarkedPhoto(t.Context(), ref); err != nil || got != key {
			t.Errorf("it says %q, not %q (%v)", got, key, err)
		}
	}
}

func TestSnapshotSeesEveryDocument(t *testing.T) {
	b, ref, ctx := open(), newRef(t), t.Context()
	if s, err := b.Snapshot(ctx, ref); err != nil || !s.Empty() {
		t.Errorf("an empty folder is %+v (%v)", s, err)
	}
	if _, err := b.CreateManifest(ctx, newManifest(ref, "")); err != nil {
		t.Fatal(err)
	}
	if err := b.PutQueued(ctx, ref, job.Queued{Version: 1, Index: 1}); err != nil {
		t.Fatal(err)
	}
	if err := b.PutProgress(ctx, ref, job.Progress{Version: 1, Index: 1}); err != nil {
		t.Fatal(err)
	}
	data := []byte("glTF")
	file, err := b.PutFile(ctx, ref, 1, job.FormatGLB, data)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	if file.Bytes != 4 || file.SHA256 != hex.EncodeToString(sum[:]) || file.Key != ref.FileKey(1, job.FormatGLB) {
		t.Errorf("the file is described as %+v", file)
	}
	if _, err := b.CreateResult(ctx, ref, job.FailedResult(1, job.Failure{}, time.Now())); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CreateNotice(ctx, ref, job.Notice{}); err != nil {
		t.Fatal(err)
	}
	s, err := b.Snapshot(ctx, ref)
	if err != nil || !s.Manifest || s.Upload || !s.Queued[1] || !s.Progress[1] || !s.Results[1] || !s.Notice || s.Bytes[file.Key] != 4 || s.QueuedAt.IsZero() {
		t.Errorf("the folder is %+v (%v)", s, err)
	}
}

func TestDeleteLeavesNothingOfTheJobAndAllOfOthers(t *testing.T) {
	b, user, ctx := open(), s3test.User(t), t.Context()
	ref := job.Ref{User: user, Job: newID(t, time.Now())}
	other := job.Ref{User: user, Job: newID(t, time.Now())}
	direct := "users/" + user + "/input/direct + photo ü.jpg"
	for _, key := range []string{
		direct, "users/" + user + "/input/direct.jpg", ref.PhotoKey("p", ".jpg"), other.PhotoKey("p", ".jpg"), ref.PendingKey(), other.PendingKey(),
		other.ManifestKey(),
	} {
		s3test.Put(t, key, "", nil, []byte("x"))
	}
	// More than one DeleteObjects request can delete.
	var puts sync.WaitGroup
	limit := make(chan struct{}, 32)
	for i := range 1005 {
		limit <- struct{}{}
		puts.Go(func() {
			defer func() { <-limit }()
			if _, err := b.PutFile(ctx, job.Ref{User: user, Job: ref.Job}, i%900+1, []job.Format{job.FormatGLB, job.FormatPLY}[i/900], []byte("x")); err != nil {
				t.Error(err)
			}
		})
	}
	puts.Wait()
	for range 2 { // a repeat is no error
		if err := b.DeleteJob(ctx, ref, direct); err != nil {
			t.Fatal(err)
		}
	}
	left := append(s3test.Keys(t, "users/"+user+"/"), s3test.Keys(t, job.PendingUserPrefix(user))...)
	slices.Sort(left)
	want := []string{"users/" + user + "/input/direct.jpg", other.PhotoKey("p", ".jpg"), other.PendingKey(), other.ManifestKey()}
	slices.Sort(want)
	if !slices.Equal(left, want) {
		t.Errorf("left are %d objects: %.2000v", len(left), left)
	}
}

func TestConcurrentDeletesSucceed(t *testing.T) {
	b := open()
	for range 5 {
		ref := newRef(t)
		if _, err := b.CreateManifest(t.Context(), newManifest(ref, "")); err != nil {
			t.Fatal(err)
		}
		if err := b.MarkPending(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if err := b.DeleteJob(t.Context(), ref, ""); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if keys := append(s3test.Keys(t, ref.OutputPrefix()), s3test.Keys(t, ref.PendingKey())...); len(keys) > 0 {
			t.Errorf("left are %v", keys)
		}
	}
}

func TestPhotoIsDescribedAndReadInParts(t *testing.T) {
	b, user := open(), s3test.User(t)
	key := "users/" + user + "/input/a b+c:ü.jpg"
	s3test.Put(t, key, "image/jpeg", map[string]string{"objects": "*,x", "Seed": "3"}, []byte("0123456789"))
	p, err := b.Photo(t.Context(), key, "")
	if err != nil || p.Bytes != 10 || p.ContentType != "image/jpeg" || p.Metadata["objects"] != "*,x" || p.Metadata["seed"] != "3" ||
		p.ETag == "" || strings.Contains(p.ETag, `"`) || p.Written.IsZero() {
		t.Errorf("it is %+v (%v)", p, err)
	}
	for _, test := range []struct {
		offset, count int64
		want          string
	}{{0, 0, "0123456789"}, {0, 4, "0123"}, {4, 3, "456"}, {7, 0, "789"}, {8, 100, "89"}} {
		r, err := b.OpenPhoto(t.Context(), key, "", test.offset, test.count)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		_ = r.Close()
		if err != nil || !bytes.Equal(data, []byte(test.want)) {
			t.Errorf("from %d, %d bytes are %q, not %q (%v)", test.offset, test.count, data, test.want, err)
		}
	}
}
