package api_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gen3d/internal/job"
)

type jobList struct {
	Jobs []struct {
		JobID     job.ID
		CreatedAt time.Time
		State     job.State
		Error     *job.Failure
		Name      string
		Labels    []string
		Objects   struct{ Total, Succeeded, Failed int }
		Preview   string
		Photo     string
	}
	NextCursor *string
}

func TestListShowsThumbnailLabelsAndReason(t *testing.T) {
	w := newWorld(t)
	id := newID(t, time.Now())
	box := &job.Box{1, 2, 30, 40}
	m := w.manifest(id, w.ref(id).PhotoKey("cat", ".jpg"), "cat.jpg",
		job.Selection{Label: "tail", Box: box}, job.Selection{Box: box}, job.Selection{Label: "tail", Box: box}, job.Selection{Label: "paw", Box: box})
	line := read[jobList](t, w.get("/api/jobs"), http.StatusOK).Jobs[0]
	if line.Photo != "" || line.Error != nil || !slices.Equal(line.Labels, []string{"tail", "paw"}) {
		t.Errorf("before its first object is made the list says %+v", line)
	}
	if err := w.bucket.PutThumbnail(t.Context(), m.Ref(), []byte("JPEG")); err != nil {
		t.Fatal(err)
	}
	failure := job.Failure{Code: job.CodeTimedOut, Message: "Too slow; try again."}
	for _, o := range m.Objects {
		if _, err := w.bucket.CreateResult(t.Context(), m.Ref(), job.FailedResult(o.Index, failure, time.Now().UTC())); err != nil {
			t.Fatal(err)
		}
	}
	check := func(step string) {
		t.Helper()
		line := read[jobList](t, w.get("/api/jobs"), http.StatusOK).Jobs[0]
		if line.State != job.StateFailed || line.Error == nil || *line.Error != failure || line.Preview != "" || !slices.Equal(line.Labels, []string{"tail", "paw"}) {
			t.Errorf("%s: the list says %+v", step, line)
		}
		if detail := read[jobDetail](t, w.get("/api/jobs/"+string(id)), http.StatusOK); detail.Source.Thumbnail != line.Photo {
			t.Errorf("%s: the job has another thumbnail than the list: %q, %q", step, detail.Source.Thumbnail, line.Photo)
		}
		response, body := fetch(t, line.Photo)
		if body != "JPEG" || response.Header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(response.Header.Get("Content-Disposition"), "inline") {
			t.Errorf("%s: the thumbnail comes as %q, %v", step, body, response.Header)
		}
	}
	check("failed")
	sum := job.Summary{State: job.StateFailed, Name: "cat.jpg", Total: 4, Failed: 4, Error: &failure, Thumbnail: true, Labels: []string{"tail", "paw"}}
	if _, err := w.bucket.CreateNotice(t.Context(), m.Ref(), job.Notice{Version: 1, Holder: "r", LeasedAt: time.Now(), Summary: sum}); err != nil {
		t.Fatal(err)
	}
	check("mail sent")
}

func TestListPagesAreStableWhileJobsAreAdded(t *testing.T) {
	w := newWorld(t)
	start := time.Now().Add(-time.Hour)
	var want []job.ID
	for i := range 120 {
		id := newID(t, start.Add(time.Duration(i)*time.Second))
		state := job.Notice{Version: 1, Holder: "r", LeasedAt: start, SentAt: start, Summary: job.Summary{State: job.StateSucceeded, Name: fmt.Sprint(i), Total: 1, Succeeded: 1}}
		if _, err := w.bucket.CreateNotice(t.Context(), w.ref(id), state); err != nil {
			t.Fatal(err)
		}
		want = append(want, id)
	}
	slices.Reverse(want)
	ctx, cancel := context.WithCancel(t.Context())
	var inserts sync.WaitGroup
	inserts.Go(func() {
		for ctx.Err() == nil {
			id := newID(t, time.Now())
			_, err := w.bucket.CreateNotice(ctx, w.ref(id), job.Notice{Version: 1, Summary: job.Summary{State: job.StateQueued, Total: 1}})
			if err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
	defer inserts.Wait()
	defer cancel()
	var got []job.ID
	query, pages := "", 0
	for {
		list := read[jobList](t, w.get("/api/jobs?limit=17"+query), http.StatusOK)
		pages++
		for _, line := range list.Jobs {
			if line.State == job.StateSucceeded {
				got = append(got, line.JobID)
			}
		}
		if list.NextCursor == nil {
			break
		}
		query = "&cursor=" + *list.NextCursor
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d pages gave %d of %d jobs, in order and once each: %v", pages, len(got), len(want), slices.IsSorted(got))
	}
}

func TestListRefusesInvalidCursors(t *testing.T) {
	w := newWorld(t)
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=201": "limit", "limit=x": "limit", "limit=1,2": "limit", "limit=": "limit", "limit=05": "limit", "limit=%2B5": "limit",
		"cursor=": "cursor", "cursor=x": "cursor", "cursor=..": "cursor", "cursor=" + strings.Repeat("8", 26): "cursor",
		"cursor=" + strings.Repeat("A", 500): "cursor",
	} {
		p := w.problem(w.get("/api/jobs?"+query), http.StatusUnprocessableEntity, "invalid_request")
		if len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%s: named is %+v", query, p.Errors)
		}
	}
}
