package sweep_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// newUnqueued writes a job of one object, created age ago, as Extract leaves it
// if there is no place: nothing is queued.
func (w *world) newUnqueued(age time.Duration, metadata map[string]string) (ref job.Ref, key string) {
	w.Helper()
	key = fmt.Sprintf("users/%s/input/%v.jpg", w.user, age)
	ref = job.Ref{User: w.user, Job: job.DeriveID(s3test.Bucket, key, "v", time.Now().Add(-age))}
	s3test.Put(w, key, "image/jpeg", metadata, []byte("a photo"))
	m := job.NewManifest(ref, ref.Job.Created(), job.Source{Bucket: s3test.Bucket, Key: key, Name: "cup.jpg"}, nil, job.Options{Formats: job.AllFormats})
	w.must(w.bucket.MarkPhoto(w.Context(), ref, key))
	created, err := w.bucket.CreateManifest(w.Context(), &m)
	if err != nil || !created {
		w.Fatal("no manifest: ", err)
	}
	return ref, key
}

// claim gives a job a place, as if that much time had passed.
func (w *world) claim(ref job.Ref, after time.Duration) {
	w.Helper()
	places, err := w.bucket.Claim(w.Context(), w.user, []job.ID{ref.Job}, w.config.Limits.MaxUnfinished, time.Now().Add(after))
	if err != nil || len(places) != 1 {
		w.Fatal("no place: ", err)
	}
}

// failure returns why a job's first object failed, or nil if it has no result.
func (w *world) failure(ref job.Ref) *job.Failure {
	w.Helper()
	if !w.has(ref.ResultKey(1)) {
		return nil
	}
	return s3test.Document[job.Result](w, ref.ResultKey(1)).Error
}

func TestWaitingJobsGetPlacesOldestFirst(t *testing.T) {
	w := newWorld(t)
	w.config.Limits.MaxUnfinished = 2
	var keys []string
	var refs []job.Ref
	for _, age := range []time.Duration{time.Minute, 4 * time.Minute, 2 * time.Minute, 3 * time.Minute} {
		ref, key := w.newUnqueued(age, nil)
		refs, keys = append(refs, ref), append(keys, key)
	}
	w.sweep(stalled)
	w.sweep(stalled) // gives no other place, and sends the event again for jobs that Extract has not started
	sent := map[string]int{}
	for _, key := range keys {
		if n := w.resent("extract", key); n > 0 {
			sent[key] = n
		}
	}
	if want := map[string]int{keys[1]: 2, keys[3]: 2}; !maps.Equal(sent, want) {
		t.Errorf("sent again are %v; want the oldest two, %v", sent, want)
	}
	if !strings.Contains(w.metrics.String(), `"JobsWaiting":2`) {
		t.Errorf("the metrics are\n%s", w.metrics.String())
	}
	w.must(w.bucket.ClearPending(t.Context(), refs[1])) // the oldest ends
	w.sweep(stalled)
	if w.resent("extract", keys[2]) != 1 || w.resent("extract", keys[0]) != 0 {
		t.Error("the free place did not go to the oldest job that waits")
	}
}

func TestWaitingJobFailsAfterTheWaitTime(t *testing.T) {
	w := newWorld(t)
	w.config.Limits.MaxUnfinished = 1
	holder := w.newJob(nil)
	w.claim(holder, over)
	ref, key := w.newUnqueued(0, nil)
	w.config.RequestTTLSeconds = 8 * 86400 // the job with the place stays unfinished
	w.sweep(6 * 24 * time.Hour)
	if f := w.failure(ref); f != nil || w.resent("extract", key) != 0 {
		t.Fatalf("a job that waits was ended with %v, or sent to Extract", f)
	}
	w.sweep(8 * 24 * time.Hour)
	if f := w.failure(ref); f == nil || f.Code != job.CodeQuota || !strings.Contains(f.Message, "7 days") {
		t.Errorf("it ends with %v", f)
	}
}

func TestEventOfAJobWithAPlaceIsSentAgain(t *testing.T) {
	w := newWorld(t)
	ref, key := w.newUnqueued(0, nil)
	w.sweep(over) // long after the marker was written, but the place is new
	if f := w.failure(ref); f != nil || w.resent("extract", key) != 1 {
		t.Fatalf("the failure is %v, and %d events were sent", f, w.resent("extract", key))
	}
	w.sweep(2 * over)
	if f := w.failure(ref); f == nil || f.Code != job.CodeAbandoned || w.resent("extract", key) != 1 {
		t.Errorf("at the end the failure is %v, and %d events were sent", f, w.resent("extract", key))
	}
}

func TestWaitingJobFailsIfItsPhotoIsDeleted(t *testing.T) {
	w := newWorld(t)
	ref, key := w.newUnqueued(0, nil)
	s3test.Delete(t, key)
	w.sweep(stalled)
	if f := w.failure(ref); f == nil || f.Code != job.CodePhotoGone {
		t.Errorf("it ends with %v", f)
	}
}

// S3 accepts 2 KB of metadata, and a user can have written nearly as much.
func TestCopyDropsExcessMetadata(t *testing.T) {
	w := newWorld(t)
	ref, key := w.newUnqueued(0, map[string]string{
		"objects": "*,cup", "seed": "3", "formats": "glb", "quality": "high", "faces": "2000", "note": strings.Repeat("n", 1970),
	})
	w.sweep(stalled)
	photo, err := w.bucket.Photo(t.Context(), key, "")
	want := map[string]string{"objects": "*,cup", "seed": "3", "formats": "glb", "quality": "high", "faces": "2000", "job": string(ref.Job)}
	if err != nil || !maps.Equal(photo.Metadata, want) {
		t.Errorf("the copy has %v (%v); want %v", photo.Metadata, err, want)
	}
}
