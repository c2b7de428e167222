package jobs_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

type page struct {
	Jobs []struct {
		Job   job.ID    `json:"jobId"`
		User  string    `json:"userId"`
		State job.State `json:"state"`
	}
	Next job.ID
}

func list(t *testing.T, args ...string) (ids []job.ID, next job.ID) {
	t.Helper()
	var p page
	if err := json.Unmarshal([]byte(pass(t, append([]string{"list", "--json"}, args...)...)), &p); err != nil {
		t.Fatal(err)
	}
	for _, j := range p.Jobs {
		ids = append(ids, j.Job)
	}
	return ids, p.Next
}

func TestListMergesTheJobsOfAllUsersNewestFirst(t *testing.T) {
	users := []string{s3test.User(t), s3test.User(t), s3test.User(t)}
	now := time.Now()
	var want []job.ID // newest first
	for i := range 9 {
		m := submitted(t, users[i%3], now.Add(-time.Duration(i)*time.Hour), "cat")
		if i%2 == 1 {
			fail(t, m, 1, job.CodeTimedOut)
		}
		want = append(want, m.JobID)
	}
	if got, next := list(t); !slices.Equal(got, want) || next != "" {
		t.Errorf("got %v and %q, want %v", got, next, want)
	}
	t.Run("pages", func(t *testing.T) {
		var got []job.ID
		args := []string{"--limit", "2"}
		for range 9 {
			ids, next := list(t, args...)
			got = append(got, ids...)
			if next == "" {
				break
			}
			args = []string{"--limit", "2", "--after", string(next)}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
	t.Run("one user", func(t *testing.T) {
		if got, _ := list(t, "--user", users[1]); !slices.Equal(got, []job.ID{want[1], want[4], want[7]}) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("failed within three hours", func(t *testing.T) {
		if got, _ := list(t, "--state", "failed", "--since", "200m"); !slices.Equal(got, []job.ID{want[1], want[3]}) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("a page of a state", func(t *testing.T) {
		got, next := list(t, "--state", "failed", "--limit", "2")
		rest, end := list(t, "--state", "failed", "--limit", "2", "--after", string(next))
		if !slices.Equal(append(got, rest...), []job.ID{want[1], want[3], want[5], want[7]}) || end == "" && len(rest) != 2 {
			t.Errorf("got %v, then %v", got, rest)
		}
	})
	t.Run("table", func(t *testing.T) {
		text := pass(t, "list", "--user", users[1], "--since", "90m")
		lines := strings.Split(strings.TrimSpace(text), "\n")
		if len(lines) != 2 || !strings.HasPrefix(lines[0], "JOB ") {
			t.Fatalf("printed\n%s", text)
		}
		for _, part := range []string{string(want[1]), users[1], "failed", "0/1", "Mum's cat.jpg", "timed_out: It went\uFFFD[31m wrong."} {
			if !strings.Contains(lines[1], part) {
				t.Errorf("%q is not in %q", part, lines[1])
			}
		}
	})
}

func TestListOfMoreJobsThanOneRequestLists(t *testing.T) {
	user, now := s3test.User(t), time.Now()
	for i := range 230 {
		id, err := job.NewID(now.Add(-time.Duration(i)*time.Minute), strings.NewReader(fmt.Sprintf("%010d", i)))
		if err != nil {
			t.Fatal(err)
		}
		ref := job.Ref{User: user, Job: id}
		s3test.Put(t, ref.NoticeKey(), "application/json", nil, []byte(`{"version":1,"summary":{"state":"succeeded","name":"a.jpg","total":1,"succeeded":1}}`))
	}
	if ids, next := list(t, "--user", user, "--limit", "1000"); len(ids) != 230 || next != "" || !slices.IsSorted(ids) {
		t.Errorf("listed %d jobs, next %q", len(ids), next)
	}
}

func TestListRefusesInvalidArguments(t *testing.T) {
	for want, args := range map[string][]string{
		`"soon" is not a period; write it as 30m, 24h or 7d`: {"--since", "soon"},
		`--limit is 0; give 1 to 10000`:                      {"--limit", "0"},
		`--after: "x" is not a job id`:                       {"--after", "x"},
		`"../x" is neither a user's ID nor an address`:       {"--user", "../x"},
		`must be one of`:                                     {"--state", "lost"},
	} {
		if result := run(t, "", append([]string{"list"}, args...)...); result.Failure == nil || !strings.Contains(result.Failure.Error(), want) {
			t.Errorf("%v: %v, want %q", args, result.Failure, want)
		}
	}
}
