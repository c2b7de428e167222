package api_test

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
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
	w := newWorldAt(t, time.Now()) // links are the same for ten minutes
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
	w.fail(m, failure)
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
	w.notify(m, job.Summary{State: job.StateFailed, Failed: 4, Error: &failure, Thumbnail: true, Labels: []string{"tail", "paw"}})
	check("mail sent")
}

// refused writes the manifest of a photo that Extract refuses, and the failed
// results.
func (w *world) refused(m *job.Manifest, failure job.Failure) {
	w.t.Helper()
	m.Refused = &failure
	if _, err := w.bucket.CreateManifest(w.t.Context(), m); err != nil {
		w.t.Fatal(err)
	}
	w.fail(m, failure)
}

// fail writes failed results of all objects.
func (w *world) fail(m *job.Manifest, failure job.Failure) {
	w.t.Helper()
	for _, o := range m.Objects {
		if _, err := w.bucket.CreateResult(w.t.Context(), m.Ref(), job.FailedResult(o.Index, failure, time.Now().UTC())); err != nil {
			w.t.Fatal(err)
		}
	}
}

// notify writes the notice of a finished job, as Notify does.
func (w *world) notify(m *job.Manifest, sum job.Summary) {
	w.t.Helper()
	sum.Name, sum.Total = m.Source.Name, len(m.Objects)
	if _, err := w.bucket.CreateNotice(w.t.Context(), m.Ref(), job.Notice{Version: 1, Holder: "r", LeasedAt: time.Now(), Summary: sum}); err != nil {
		w.t.Fatal(err)
	}
}

// An object that never began leaves no thumbnail.
func TestListShowsPhotoAndReasonOfAFailedJob(t *testing.T) {
	w := newWorldAt(t, time.Now()) // links are the same for ten minutes
	p := w.submit(catJPEG)
	if a := upload(t, p, nil, []byte("JPEG")); a.StatusCode != http.StatusNoContent {
		t.Fatalf("S3 answers %d", a.StatusCode)
	}
	m := w.manifest(p.JobID, p.Upload.Fields["key"], "cat.jpg", job.Selection{}, job.Selection{Box: &job.Box{1, 2, 30, 40}})
	failure := job.Failure{Code: job.CodeExpired, Message: "Too late; try again."}
	check := func(step string) {
		t.Helper()
		line := read[jobList](t, w.get("/api/jobs"), http.StatusOK).Jobs[0]
		if line.State != job.StateFailed || line.Error == nil || *line.Error != failure || line.Preview != "" {
			t.Errorf("%s: the list says %+v", step, line)
		}
		if line.Photo == "" {
			t.Fatalf("%s: the list has no photo", step)
		}
		if detail := read[jobDetail](t, w.get("/api/jobs/"+string(p.JobID)), http.StatusOK); detail.Source.URL != line.Photo {
			t.Errorf("%s: the job has another photo than the list: %q, %q", step, detail.Source.URL, line.Photo)
		}
		response, body := fetch(t, line.Photo)
		if body != "JPEG" || response.Header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(response.Header.Get("Content-Disposition"), "inline") {
			t.Errorf("%s: the photo comes as %q, %v", step, body, response.Header)
		}
	}
	for _, o := range m.Objects {
		if line := read[jobList](t, w.get("/api/jobs"), http.StatusOK).Jobs[0]; line.Photo != "" || line.Error != nil {
			t.Errorf("before it failed the list says %+v", line)
		}
		if _, err := w.bucket.CreateResult(t.Context(), m.Ref(), job.FailedResult(o.Index, failure, time.Now().UTC())); err != nil {
			t.Fatal(err)
		}
	}
	check("failed")
	w.notify(m, job.Summary{State: job.StateFailed, Failed: 2, Error: &failure})
	check("mail sent")
	// The form can be used again with other bytes of the same size.
	if a := upload(t, p, nil, []byte("jpeg")); a.StatusCode != http.StatusNoContent {
		t.Fatalf("S3 answers %d", a.StatusCode)
	}
	check("another photo under its key")
}

// A job that Extract refused, or that Sweep gave up before Extract saw its photo,
// is listed with the photo if there is a picture to show. What is no picture, was
// not looked at because of its size, or has too many pixels or scans for a browser
// is not sent to it.
func TestListShowsTheRefusedPhotoIfItIsAPicture(t *testing.T) {
	for name, test := range map[string]struct {
		code        job.Code
		width       int // 0: refused before the size was known
		contentType string
		shown       bool
	}{
		"box outside":              {job.CodeBoxOutside, 640, "image/jpeg", true},
		"too many pixels":          {job.CodeTooManyPixels, 60000, "image/png", false},
		"bad mask":                 {job.CodeBadMask, 640, "image/webp", true},
		"bad metadata":             {job.CodeBadMetadata, 640, "image/jpeg", true},
		"its end is missing":       {job.CodeTruncated, 640, "image/jpeg", true},
		"PNG named .jpg":           {job.CodeWrongType, 640, "image/png", true},
		"abandoned before a look":  {job.CodeAbandoned, 0, "image/jpeg", true},
		"abandoned, of no type":    {job.CodeAbandoned, 0, "binary/octet-stream", false},
		"GIF named .png":           {job.CodeWrongType, 0, "image/png", false},
		"text":                     {job.CodeNotAnImage, 0, "image/jpeg", false},
		"too complex":              {job.CodeTooComplex, 7056, "image/jpeg", false},
		"damaged after its header": {job.CodeNotAnImage, 640, "image/png", false},
		"its header is missing":    {job.CodeTruncated, 0, "image/jpeg", false},
		"empty":                    {job.CodeEmptyFile, 0, "image/jpeg", false},
		"too many bytes":           {job.CodeTooManyBytes, 0, "image/jpeg", false},
		"text with bad metadata":   {job.CodeBadMetadata, 0, "image/jpeg", false},
		"deleted":                  {job.CodePhotoGone, 640, "image/jpeg", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := newID(t, time.Now())
			key := w.ref(id).PhotoKey("x", ".jpg")
			s3test.Put(t, key, test.contentType, nil, []byte("content"))
			stored, err := w.bucket.Photo(t.Context(), key, "")
			if err != nil {
				t.Fatal(err)
			}
			failure := job.Failure{Code: test.code, Message: "Not this way."}
			m := job.NewManifest(w.ref(id), id.Created(), job.Source{
				Bucket: s3test.Bucket, Key: key, VersionID: stored.VersionID, ETag: stored.ETag, Bytes: stored.Bytes,
				Width: test.width, Height: test.width, ContentType: test.contentType, Name: "x.jpg",
			}, nil, job.DefaultOptions())
			w.refused(&m, failure)
			line := read[jobList](t, w.get("/api/jobs"), http.StatusOK).Jobs[0]
			if line.State != job.StateFailed || line.Error == nil || *line.Error != failure || (line.Photo != "") != test.shown {
				t.Fatalf("the list says %+v", line)
			}
			if !test.shown {
				return
			}
			if response, body := fetch(t, line.Photo); body != "content" || response.Header.Get("Content-Type") != test.contentType {
				t.Errorf("the photo comes as %q, %v", body, response.Header)
			}
		})
	}
}

// A damaged document hides neither its own job nor the others, and a link that a
// changed one would lead to is not signed.
func TestListShowsNoPhotoOfAnotherUser(t *testing.T) {
	w := newWorld(t)
	theirs := job.Ref{User: s3test.User(t), Job: newID(t, time.Now())}
	s3test.Put(t, theirs.PhotoKey("secret", ".jpg"), "image/jpeg", nil, []byte("JPEG"))
	id := newID(t, time.Now())
	failure := job.Failure{Code: job.CodeExpired, Message: "Too late; try again."}
	m := w.manifest(id, theirs.PhotoKey("secret", ".jpg"), "x.jpg")
	w.fail(m, failure)
	w.notify(m, job.Summary{State: job.StateFailed, Failed: 1, Error: &failure})
	answer := w.get("/api/jobs")
	list := read[jobList](t, answer, http.StatusOK)
	if len(list.Jobs) != 1 || list.Jobs[0].Photo != "" || list.Jobs[0].State != job.StateFailed || strings.Contains(string(answer.body), theirs.User) {
		t.Errorf("the list says %s", answer.body)
	}
}

// A finished job costs a list one read, and one more only if it failed without a
// thumbnail and its photo has arrived.
func TestListReadsOnlyWhatItNeeds(t *testing.T) {
	late := job.Failure{Code: job.CodeExpired, Message: "Too late; try again."}
	list, notice := "list", "notified.json"
	for name, test := range map[string]struct {
		made func(w *world, m *job.Manifest) // nil: the photo has not arrived
		want []string
	}{
		"succeeded": {func(w *world, m *job.Manifest) {
			w.notify(m, job.Summary{State: job.StateSucceeded, Succeeded: 1, Preview: 1, Thumbnail: true})
		}, []string{list, notice}},
		"succeeded without a thumbnail": {func(w *world, m *job.Manifest) {
			w.notify(m, job.Summary{State: job.StateSucceeded, Succeeded: 1, Preview: 1})
		}, []string{list, notice}},
		"failed with a thumbnail": {func(w *world, m *job.Manifest) {
			w.notify(m, job.Summary{State: job.StateFailed, Failed: 1, Error: &late, Thumbnail: true})
		}, []string{list, notice}},
		"failed without a thumbnail": {func(w *world, m *job.Manifest) {
			w.notify(m, job.Summary{State: job.StateFailed, Failed: 1, Error: &late})
		}, []string{list, notice, "job.json"}},
		"photo deleted": {func(w *world, m *job.Manifest) {
			w.notify(m, job.Summary{State: job.StateFailed, Failed: 1, Error: job.PhotoDeleted()})
		}, []string{list, notice}},
		"queued":         {func(*world, *job.Manifest) {}, []string{list, notice, list, "job.json"}},
		"upload expired": {nil, []string{list, notice, list, "upload.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			var calls []string
			client := s3test.Client(transport(func(r *http.Request) (*http.Response, error) {
				call := path.Base(r.URL.Path)
				if r.URL.Query().Has("list-type") {
					call = list
				}
				calls = append(calls, call) // one at a time: there is one job
				return s3test.Transport.RoundTrip(r)
			}))
			now := time.Now()
			w := newWorldWith(t, config(), client, func() time.Time { return now })
			if test.made == nil {
				w.submit(catJPEG)
				now = now.Add(time.Hour)
			} else {
				id := newID(t, now)
				test.made(w, w.manifest(id, w.ref(id).PhotoKey("x", ".jpg"), "x.jpg"))
			}
			calls = nil
			if jobs := read[jobList](t, w.get("/api/jobs"), http.StatusOK).Jobs; len(jobs) != 1 {
				t.Fatalf("the list says %+v", jobs)
			}
			if !slices.Equal(calls, test.want) {
				t.Errorf("the list needs the calls %q; want %q", calls, test.want)
			}
		})
	}
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
