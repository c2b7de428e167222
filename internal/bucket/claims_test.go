package bucket_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// claimants writes the markers of n jobs, the oldest first, as callers of Claim
// must.
func claimants(t *testing.T, user string, n int) (ids []job.ID) {
	t.Helper()
	for i := range n {
		id := newID(t, time.Now().Add(time.Duration(i-n)*time.Minute))
		if err := open().MarkPending(t.Context(), job.Ref{User: user, Job: id}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

func TestPlacesAreGivenInOrderAndKept(t *testing.T) {
	b, user := open(), s3test.User(t)
	ids := claimants(t, user, 5)
	early, late := time.Unix(1000, 0).UTC(), time.Unix(2000, 0).UTC()
	claim := func(now time.Time, want map[job.ID]time.Time, ids ...job.ID) {
		t.Helper()
		got, err := b.Claim(t.Context(), user, ids, 3, now)
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("claiming for %v gives %v, %v; want %v", ids, got, err, want)
		}
	}
	claim(early, map[job.ID]time.Time{}) // no job
	claim(early, map[job.ID]time.Time{ids[4]: early}, ids[4])
	claim(late, map[job.ID]time.Time{ids[0]: late, ids[1]: late, ids[4]: early}, ids...)
	claim(late, map[job.ID]time.Time{}, ids[2])
	claim(late, map[job.ID]time.Time{ids[4]: early}, ids[3], ids[4])
	if err := b.ClearPending(t.Context(), job.Ref{User: user, Job: ids[4]}); err != nil { // that job ends
		t.Fatal(err)
	}
	claim(late, map[job.ID]time.Time{ids[3]: late}, ids[3], ids[2])
	claim(late, map[job.ID]time.Time{}, ids[2])
	kept := s3test.Document[job.Claims](t, job.ClaimsKey(user))
	if got := slices.Sorted(maps.Keys(kept.Jobs)); !slices.Equal(got, slices.Sorted(slices.Values([]job.ID{ids[0], ids[1], ids[3]}))) {
		t.Errorf("the document has %v", got)
	}
	err := b.EachPending(t.Context(), func(p bucket.Pending) bool {
		if p.Ref.User == user && !slices.Contains(ids, p.Ref.Job) {
			t.Errorf("%v is visited as a marker", p.Ref)
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
}

// If the limit is lowered, no job loses its place.
func TestALowerLimitTakesNoPlaceAway(t *testing.T) {
	b, user := open(), s3test.User(t)
	ids := claimants(t, user, 4)
	if places, err := b.Claim(t.Context(), user, ids[:3], 3, time.Now()); err != nil || len(places) != 3 {
		t.Fatalf("%v, %v", places, err)
	}
	if places, err := b.Claim(t.Context(), user, ids, 1, time.Now()); err != nil || len(places) != 3 {
		t.Errorf("under a limit of 1 the places are %v, %v; want the three that were given before", places, err)
	}
}

func TestConcurrentClaimsKeepTheLimit(t *testing.T) {
	user := s3test.User(t)
	const most = 4
	ids := claimants(t, user, 24)
	var holding, ended atomic.Int64
	var all sync.WaitGroup
	for _, id := range ids {
		all.Go(func() {
			b := open()
			for {
				places, err := b.Claim(t.Context(), user, []job.ID{id}, most, time.Now())
				if err != nil {
					t.Error(err)
					return
				}
				if len(places) == 0 {
					continue // until one ends
				}
				if n := holding.Add(1); n > most {
					t.Errorf("%d hold a place; the most is %d", n, most)
				}
				again, err := b.Claim(t.Context(), user, []job.ID{id}, most, time.Now())
				if err != nil || len(again) != 1 {
					t.Errorf("the place is lost: %v, %v", again, err)
				}
				holding.Add(-1)
				if err := b.ClearPending(t.Context(), job.Ref{User: user, Job: id}); err != nil {
					t.Error(err)
				}
				ended.Add(1)
				return
			}
		})
	}
	all.Wait()
	if ended.Load() != int64(len(ids)) {
		t.Errorf("%d of %d jobs ended", ended.Load(), len(ids))
	}
}

// transport implements http.RoundTripper by a function.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// S3 can complete a write whose response is lost. The SDK repeats the request,
// and the condition no longer holds.
func TestAClaimWhoseAnswerIsLostIsMadeOnce(t *testing.T) {
	user := s3test.User(t)
	ids := claimants(t, user, 2)
	lost := 0
	b := openLosing(&lost)
	for _, id := range ids { // the first by If-None-Match, the second by If-Match
		lost = 0
		if places, err := b.Claim(t.Context(), user, []job.ID{id}, 2, time.Now()); err != nil || len(places) != 1 {
			t.Errorf("the claim gives %v, %v", places, err)
		}
	}
	if kept := s3test.Document[job.Claims](t, job.ClaimsKey(user)); len(kept.Jobs) != 2 {
		t.Errorf("the document has %v", kept.Jobs)
	}
}

func TestClaimEndsWithItsContext(t *testing.T) {
	user := s3test.User(t)
	ids := claimants(t, user, 1)
	b := bucket.New(s3test.Client(transport(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPut {
			_ = r.Body.Close()
			return &http.Response{StatusCode: http.StatusPreconditionFailed, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
		}
		return s3test.Transport.RoundTrip(r)
	})), s3test.Bucket)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if places, err := b.Claim(ctx, user, ids, 2, time.Now()); err == nil {
		t.Errorf("it gives %v", places)
	}
}

func TestConcurrentWakesOfAUserAreOne(t *testing.T) {
	user, now := s3test.User(t), time.Now()
	var claimed, refused atomic.Int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			switch free, wait, err := open().ClaimWake(t.Context(), user, 2, now); {
			case err != nil || !free:
				t.Errorf("a place is free: %v (%v)", free, err)
			case wait == 0:
				claimed.Add(1)
			default:
				refused.Add(1)
			}
		})
	}
	all.Wait()
	if claimed.Load() != 1 || refused.Load() != 19 {
		t.Errorf("%d were claimed, %d refused", claimed.Load(), refused.Load())
	}
	if _, wait, err := open().ClaimWake(t.Context(), s3test.User(t), 2, now); err != nil || wait != 0 {
		t.Errorf("another user waits %s (%v)", wait, err)
	}
}

func TestAWakeNeedsAFreePlace(t *testing.T) {
	b, user := open(), s3test.User(t)
	ids := claimants(t, user, 2)
	if places, err := b.Claim(t.Context(), user, ids, 2, time.Now()); err != nil || len(places) != 2 {
		t.Fatalf("%v, %v", places, err)
	}
	if free, _, err := b.ClaimWake(t.Context(), user, 2, time.Now()); err != nil || free {
		t.Errorf("a place is free: %v (%v)", free, err)
	}
	if err := b.ClearPending(t.Context(), job.Ref{User: user, Job: ids[0]}); err != nil { // that job ends
		t.Fatal(err)
	}
	if free, wait, err := b.ClaimWake(t.Context(), user, 2, time.Now()); err != nil || !free || wait != 0 {
		t.Errorf("a place is free: %v, after %s (%v)", free, wait, err)
	}
	kept := s3test.Document[job.Claims](t, job.ClaimsKey(user))
	if len(kept.Jobs) != 1 || len(kept.Wakes) != 1 {
		t.Errorf("the document is %+v", kept)
	}
	if places, err := b.Claim(t.Context(), user, ids, 2, time.Now()); err != nil || len(places) != 2 {
		t.Errorf("%v, %v", places, err)
	}
	if kept := s3test.Document[job.Claims](t, job.ClaimsKey(user)); len(kept.Wakes) != 1 {
		t.Errorf("a claim of places changes the wakes to %v", kept.Wakes)
	}
}
