package bucket_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// claim gives a new job of the user a place.
func claim(t *testing.T, user string) job.Ref {
	t.Helper()
	ids := claimants(t, user, 1)
	if places, err := open().Claim(t.Context(), user, ids, 2, time.Now()); err != nil || len(places) != 1 {
		t.Fatalf("the claim gives %v (%v)", places, err)
	}
	return job.Ref{User: user, Job: ids[0]}
}

func TestClaimsOfUsersWithoutUnfinishedJobsAreForgotten(t *testing.T) {
	b := open()
	ended, working := claim(t, s3test.User(t)), claim(t, s3test.User(t))
	if err := b.ClearPending(t.Context(), ended); err != nil {
		t.Fatal(err)
	}
	forget := func(before time.Time, kept bool) {
		t.Helper()
		if err := b.ForgetClaims(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		if _, ok := s3test.Get(t, job.ClaimsKey(ended.User)); ok != kept {
			t.Errorf("the claims of a user without unfinished jobs are kept: %v", ok)
		}
		if _, ok := s3test.Get(t, job.ClaimsKey(working.User)); !ok {
			t.Error("the claims of a user with an unfinished job are deleted")
		}
	}
	forget(time.Now().Add(-time.Hour), true) // they are newer
	forget(time.Now().Add(time.Hour), false)
	if _, ok := s3test.Get(t, working.PendingKey()); !ok {
		t.Error("the marker is deleted")
	}
}

// A user submits a job between the list of the markers and the deletion.
func TestClaimsThatChangeAreNotForgotten(t *testing.T) {
	user := s3test.User(t)
	if err := open().ClearPending(t.Context(), claim(t, user)); err != nil {
		t.Fatal(err)
	}
	var submitted job.Ref
	b := bucket.New(s3test.Client(transport(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, job.ClaimsKey(user)) && submitted.Job == "" {
			submitted = claim(t, user)
		}
		return s3test.Transport.RoundTrip(r)
	})), s3test.Bucket)
	if err := b.ForgetClaims(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if submitted.Job == "" {
		t.Fatal("nothing was to be deleted")
	}
	if claims := s3test.Document[job.Claims](t, job.ClaimsKey(user)); claims.Jobs[submitted.Job].IsZero() {
		t.Errorf("the claims are %+v, without the job that was submitted", claims)
	}
}
