package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/handlers/api"
	"gen3d/handlers/api/route"
	"gen3d/internal/environment"
	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

type jobDetail struct {
	JobID      job.ID
	CreatedAt  time.Time
	State      job.State
	Error      *job.Failure
	NotifiedAt *time.Time
	ExpiresAt  *time.Time
	Source     *struct {
		Name, ContentType, URL, Thumbnail string
		Width, Height                     int
		Bytes                             int64
	}
	Options job.Options
	Objects []struct {
		Index      int
		Label      string
		Box        *job.Box
		Points     [][3]int
		MaskGiven  bool
		GivenMask  string `json:"givenMaskUrl"`
		State      job.ObjectState
		Stage      job.Stage
		StartedAt  *time.Time
		FinishedAt *time.Time
		Error      *job.Failure
		Files      []struct {
			Format             job.Format
			Name, URL, ViewURL string
			Bytes              int64
		}
		Preview string
		Mask    *struct {
			job.MaskUse
			Check bool
			URL   string
		}
		Mesh    *job.MeshStats
		Backend job.Backend
	}
	Scene *sceneDetail
}

type sceneDetail struct {
	State string
	Error *job.Failure
	Files []struct {
		Format             job.Format
		Name, URL, ViewURL string
		Bytes              int64
	}
	Objects, Unplaced []int
}

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

// fetch gets a presigned URL.
func fetch(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestJobShowsEachStepAsItsDocumentsAppear(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	p := w.submit(catJPEG)
	ref := w.ref(p.JobID)
	check := func(step string, state job.State, objects ...job.ObjectState) jobDetail {
		t.Helper()
		detail := read[jobDetail](t, w.get("/api/jobs/"+string(p.JobID)), http.StatusOK)
		var got []job.ObjectState
		succeeded, failed := 0, 0
		for _, o := range detail.Objects {
			got = append(got, o.State)
			switch o.State {
			case job.ObjectSucceeded:
				succeeded++
			case job.ObjectFailed:
				failed++
			}
		}
		if detail.State != state || !slices.Equal(got, objects) {
			t.Errorf("%s: the job is %s with objects %v, not %s with %v", step, detail.State, got, state, objects)
		}
		list := read[jobList](t, w.get("/api/jobs"), http.StatusOK)
		if len(list.Jobs) != 1 || list.Jobs[0].State != state || list.Jobs[0].Objects.Total != len(objects) ||
			list.Jobs[0].Objects.Succeeded != succeeded || list.Jobs[0].Objects.Failed != failed || !list.Jobs[0].CreatedAt.Equal(detail.CreatedAt) {
			t.Errorf("%s: the list says %+v", step, list.Jobs)
		}
		return detail
	}
	queued, processing, done, failed := job.ObjectQueued, job.ObjectProcessing, job.ObjectSucceeded, job.ObjectFailed

	detail := check("announced", job.StateUploading, queued, queued)
	if detail.Source.URL != "" || detail.Source.Name != "Mum's cat (1).JPG" || detail.Objects[0].Label != "tête; 1,5" {
		t.Errorf("announced: %+v", detail)
	}
	if a := upload(t, p, nil, []byte("JPEG")); a.StatusCode != http.StatusNoContent {
		t.Fatalf("S3 answers %d", a.StatusCode)
	}
	m := w.manifest(p.JobID, p.Upload.Fields["key"], "Mum's cat (1).jpg", job.Selection{Label: "tête"}, job.Selection{Box: &job.Box{1, 2, 30, 40}})
	detail = check("manifest written", job.StateQueued, queued, queued)
	response, body := fetch(t, detail.Source.URL)
	if body != "JPEG" || response.Header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(response.Header.Get("Content-Disposition"), "inline") {
		t.Errorf("the photo comes as %q, %v", body, response.Header)
	}
	now := time.Now().UTC()
	if err := w.bucket.PutProgress(ctx, ref, job.Progress{Version: 1, Index: 1, Stage: job.StageMask, Backend: job.BackendRelief, StartedAt: now, StageAt: now}); err != nil {
		t.Fatal(err)
	}
	detail = check("object 1 started", job.StateProcessing, processing, queued)
	if detail.Objects[0].Stage != job.StageMask || detail.Objects[0].StartedAt == nil {
		t.Errorf("object 1 started: %+v", detail.Objects[0])
	}
	w.succeed(m, 1, nil)
	check("object 1 done", job.StateProcessing, done, queued)
	if _, err := w.bucket.CreateResult(ctx, ref, job.FailedResult(2, job.Failure{Code: job.CodeTimedOut, Message: "Too slow; try again."}, now)); err != nil {
		t.Fatal(err)
	}
	detail = check("object 2 failed", job.StatePartial, done, failed)
	if detail.NotifiedAt != nil || detail.Objects[1].Error.Code != job.CodeTimedOut {
		t.Errorf("object 2 failed: %+v", detail)
	}
	sum := job.Summary{State: job.StatePartial, Name: "Mum's cat (1).jpg", Total: 2, Succeeded: 1, Failed: 1, Preview: 1, Backend: job.BackendRelief}
	notice := job.Notice{Version: 1, Holder: "r", LeasedAt: now, Summary: sum}
	etag, err := w.bucket.CreateNotice(ctx, ref, notice)
	if err != nil {
		t.Fatal(err)
	}
	if detail = check("mail leased", job.StatePartial, done, failed); detail.NotifiedAt != nil {
		t.Error("it counts as notified before the mail is out")
	}
	notice.SentAt = now
	if _, err := w.bucket.ReplaceNotice(ctx, ref, notice, etag); err != nil {
		t.Fatal(err)
	}
	if detail = check("mail sent", job.StatePartial, done, failed); detail.NotifiedAt == nil {
		t.Error("it does not count as notified")
	}
	list := read[jobList](t, w.get("/api/jobs"), http.StatusOK)
	if response, body := fetch(t, list.Jobs[0].Preview); body != string(contentOf(job.FormatPreview)) || response.Header.Get("Content-Type") != "image/webp" {
		t.Errorf("the list's preview comes as %q, %v", body, response.Header)
	}
}

// A PNG is a preview of the relief backend or of an earlier version.
func TestPreviewComesWithTheTypeItWasStoredWith(t *testing.T) {
	w := newWorld(t)
	id := newID(t, time.Now())
	m := w.manifest(id, w.ref(id).PhotoKey("x", ".jpg"), "x.jpg")
	w.succeed(m, 1, nil)
	const png = "\x89PNG\r\n\x1a\n"
	if _, err := w.bucket.PutFile(t.Context(), m.Ref(), 1, job.FormatPreview, []byte(png)); err != nil {
		t.Fatal(err)
	}
	list := read[jobList](t, w.get("/api/jobs"), http.StatusOK)
	detail := read[jobDetail](t, w.get("/api/jobs/"+string(id)), http.StatusOK)
	for _, link := range []string{list.Jobs[0].Preview, detail.Objects[0].Preview} {
		if response, body := fetch(t, link); body != png || response.Header.Get("Content-Type") != "image/png" {
			t.Errorf("the preview comes as %q, %v", body, response.Header)
		}
	}
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

func TestViewerAndDownloadHaveDifferentLinks(t *testing.T) {
	w := newWorld(t)
	id := newID(t, time.Now())
	w.succeed(w.manifest(id, w.ref(id).PhotoKey("x", ".jpg"), "x.jpg"), 1, nil)
	detail := read[jobDetail](t, w.get("/api/jobs/"+string(id)), http.StatusOK)
	for _, f := range detail.Objects[0].Files {
		if f.Format == job.FormatGLBDense || f.Format == job.FormatPLY {
			if f.ViewURL != "" {
				t.Errorf("%s has a link for a viewer", f.Format)
			}
			continue
		}
		response, body := fetch(t, f.ViewURL)
		if f.ViewURL == f.URL || response.Header.Get("Content-Disposition") != "inline" || body != "content of "+string(f.Format) {
			t.Errorf("the viewer's link gives %q, %q; the download's is the same: %v",
				body, response.Header.Get("Content-Disposition"), f.ViewURL == f.URL)
		}
	}
}

func TestMaskThatMayBeWrongIsShownWithAFlag(t *testing.T) {
	w := newWorld(t)
	id := newID(t, time.Now())
	m := w.manifest(id, w.ref(id).PhotoKey("x", ".jpg"), "x.jpg", job.Selection{Box: &job.Box{1, 2, 30, 40}}, job.Selection{}, job.Selection{})
	sure, unsure := 0.9, 0.4
	w.succeed(m, 1, &job.MaskUse{Source: job.MaskPoints, Share: 0.5, Score: &unsure})
	w.succeed(m, 2, &job.MaskUse{Source: job.MaskSegmenter, Share: 0.25, Score: &sure})
	w.succeed(m, 3, nil) // by an earlier version of the model server
	objects := read[jobDetail](t, w.get("/api/jobs/"+string(id)), http.StatusOK).Objects
	for i, check := range []bool{true, false} {
		o := objects[i].Mask
		if o == nil || o.Check != check {
			t.Fatalf("object %d: the mask is %+v", i+1, o)
		}
		if response, body := fetch(t, o.URL); body != "content of mask" || response.Header.Get("Content-Type") != "image/png" || response.Header.Get("Content-Disposition") != "inline" {
			t.Errorf("object %d: the mask comes as %q, %v", i+1, body, response.Header)
		}
	}
	if o := objects[0].Mask; o.Source != job.MaskPoints || o.Share != 0.5 || *o.Score != unsure {
		t.Errorf("the mask is %+v", o)
	}
	if objects[2].Mask != nil {
		t.Errorf("without facts the mask is %+v", objects[2].Mask)
	}
	if len(objects[0].Files) != len(job.AllFormats) {
		t.Errorf("the files are %+v", objects[0].Files)
	}
}

func TestDownloadsHaveFileNames(t *testing.T) {
	w := newWorld(t)
	id := newID(t, time.Now())
	m := w.manifest(id, w.ref(id).PhotoKey("x", ".jpg"), `Käse "gut".jpg`, job.Selection{Label: "Löffel/Gabel"}, job.Selection{})
	w.succeed(m, 1, nil)
	w.succeed(m, 2, nil)
	detail := read[jobDetail](t, w.get("/api/jobs/"+string(id)), http.StatusOK)
	var names []string
	for _, o := range detail.Objects {
		for _, f := range o.Files {
			response, body := fetch(t, f.URL)
			_, parameters, err := mime.ParseMediaType(response.Header.Get("Content-Disposition"))
			if err != nil || parameters["filename"] != f.Name || body != "content of "+string(f.Format) {
				t.Errorf("%s comes as %q, %q (%v)", f.Name, body, response.Header.Get("Content-Disposition"), err)
			}
			if response.Header.Get("Cache-Control") != "private, max-age=3600, immutable" {
				t.Errorf("%s may be kept for %q", f.Name, response.Header.Get("Cache-Control"))
			}
			names = append(names, f.Name)
		}
	}
	want := []string{
		"Käse gut-1-Löffel-Gabel.glb", "Käse gut-1-Löffel-Gabel-dense.glb", "Käse gut-1-Löffel-Gabel.ply", "Käse gut-1-Löffel-Gabel-splat.ply",
		"Käse gut-1-Löffel-Gabel.spz", "Käse gut-2.glb", "Käse gut-2-dense.glb", "Käse gut-2.ply", "Käse gut-2-splat.ply", "Käse gut-2.spz",
	}
	if !slices.Equal(names, want) {
		t.Errorf("the names are %q", names)
	}
	if strings.Contains(w.output.String(), "X-Amz-Signature") {
		t.Error("a presigned address is in the log")
	}
}

// A browser caches content as long as its URL does not change.
func TestLinksStayTheSameFromOnePollToTheNext(t *testing.T) {
	at := time.Date(2026, 5, 4, 12, 1, 0, 0, time.UTC)
	w := newWorldWith(t, config(), s3test.Client(nil), func() time.Time { return at })
	id := newID(t, at)
	m := w.manifest(id, w.ref(id).PhotoKey("x", ".jpg"), "x.jpg")
	w.succeed(m, 1, nil)
	first := w.get("/api/jobs/" + string(id))
	at = at.Add(5 * time.Minute)
	if second := w.get("/api/jobs/" + string(id)); string(first.body) != string(second.body) {
		t.Error("they changed within ten minutes")
	}
	at = at.Add(10 * time.Minute)
	if third := w.get("/api/jobs/" + string(id)); string(first.body) == string(third.body) {
		t.Error("they never change")
	}
}

func TestAnotherUsersJobDoesNotExist(t *testing.T) {
	a, b := newWorld(t), newWorld(t)
	p := a.submit(catJPEG)
	unknown := newID(t, time.Now())
	if list := read[jobList](t, b.get("/api/jobs"), http.StatusOK); len(list.Jobs) != 0 {
		t.Errorf("B's list has %+v", list.Jobs)
	}
	for _, method := range []string{"GET", "DELETE"} {
		other := b.send(b.user, method, "/api/jobs/"+string(p.JobID), "", nil)
		b.problem(other, http.StatusNotFound, "not_found")
		if none := b.send(b.user, method, "/api/jobs/"+string(unknown), "", nil); string(none.body) != string(other.body) {
			t.Errorf("%s distinguishes A's job from a missing one: %s and %s", method, other.body, none.body)
		}
	}
	// A form of B's cannot be changed to A's key.
	mine := b.submit(catJPEG)
	if r := upload(t, mine, map[string]string{"key": p.Upload.Fields["key"]}, []byte("JPEG")); r.StatusCode != http.StatusForbidden {
		t.Errorf("S3 takes B's photo at A's key: %d", r.StatusCode)
	}
	if detail := read[jobDetail](t, a.get("/api/jobs/"+string(p.JobID)), http.StatusOK); detail.State != job.StateUploading {
		t.Errorf("A's job is %s", detail.State)
	}
}

func TestResultCannotLinkToAForeignKey(t *testing.T) {
	w := newWorld(t)
	id := newID(t, time.Now())
	m := w.manifest(id, w.ref(id).PhotoKey("x", ".jpg"), "x.jpg")
	r := job.Result{Version: 1, Index: 1, Status: job.StatusSucceeded, Backend: job.BackendRelief, Files: []job.File{
		{Format: job.FormatGLB, Key: "users/someone/output/" + string(id) + "/1/mesh.glb", Bytes: 1},
	}}
	if _, err := w.bucket.CreateResult(t.Context(), m.Ref(), r); err != nil {
		t.Fatal(err)
	}
	if detail := read[jobDetail](t, w.get("/api/jobs/"+string(id)), http.StatusOK); len(detail.Objects[0].Files) != 0 {
		t.Errorf("it does: %+v", detail.Objects[0].Files)
	}
}

func TestRequestWithoutValidTokenIsUnauthorized(t *testing.T) {
	w := newWorld(t)
	if a := w.send("", "GET", "/api/jobs", "", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("no token: %d", a.StatusCode)
	}
	if a := w.send("without-scope", "GET", "/api/jobs", "", nil); a.StatusCode != http.StatusForbidden {
		t.Errorf("a token without the scope: %d", a.StatusCode)
	}
	for _, sub := range []string{"../someone", "a/b", ".", strings.Repeat("a", 129)} {
		w.problem(w.send(sub, "GET", "/api/jobs", "", nil), http.StatusForbidden, "forbidden")
	}
}

func TestUnknownPathsAndMethodsAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/", "/api", "/api/", "/api/jobs/", "/api/job", "/api/jobs/a/b", "/api/openapi.json"} {
		// The gateway has no such route.
		if a := w.get(path); a.StatusCode != http.StatusNotFound || strings.TrimSpace(string(a.body)) != `{"message":"Not Found"}` {
			t.Errorf("%s answers %d %s", path, a.StatusCode, a.body)
		}
	}
	for _, id := range []string{"x", "..", strings.Repeat("z", 26), "%2e%2e%2fsecret"} {
		w.problem(w.get("/api/jobs/"+id), http.StatusNotFound, "not_found")
	}
	for path, test := range map[string]struct{ method, allow string }{
		"/api/jobs": {"PUT", "GET, POST"}, "/api/jobs/x": {"PATCH", "DELETE, GET"}, "/api/openapi.yaml": {"DELETE", "GET"},
	} {
		a := w.send(w.user, test.method, path, "", nil)
		w.problem(a, http.StatusMethodNotAllowed, "method_not_allowed")
		if a.Header.Get("Allow") != test.allow {
			t.Errorf("%s allows %q", path, a.Header.Get("Allow"))
		}
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

func TestDeletedJobLeavesNothing(t *testing.T) {
	w := newWorld(t)
	p := w.submit(catJPEG)
	if a := upload(t, p, nil, []byte("JPEG")); a.StatusCode != http.StatusNoContent {
		t.Fatalf("S3 answers %d", a.StatusCode)
	}
	w.succeed(w.manifest(p.JobID, p.Upload.Fields["key"], "x.jpg"), 1, nil)
	// A photo that was copied in directly is not in a job's folder.
	direct := "users/" + w.user + "/input/direct photo+1.jpg"
	s3test.Put(t, direct, "image/jpeg", nil, []byte("JPEG"))
	s3test.Put(t, "users/"+w.user+"/input/other.jpg", "image/jpeg", nil, []byte("JPEG"))
	id := newID(t, time.Now())
	w.succeed(w.manifest(id, direct, "direct photo+1.jpg"), 1, nil)
	for _, id := range []job.ID{p.JobID, id} {
		if a := w.send(w.user, "DELETE", "/api/jobs/"+string(id), "", nil); a.StatusCode != http.StatusNoContent || len(a.body) > 0 {
			t.Fatalf("deleting answers %d %s", a.StatusCode, a.body)
		}
		w.problem(w.get("/api/jobs/"+string(id)), http.StatusNotFound, "not_found")
		w.problem(w.send(w.user, "DELETE", "/api/jobs/"+string(id), "", nil), http.StatusNotFound, "not_found")
	}
	if keys := s3test.Keys(t, "users/"+w.user+"/"); len(keys) != 1 || w.markers() != 0 || !strings.HasSuffix(keys[0], "other.jpg") {
		t.Errorf("it leaves %v", keys)
	}
	if list := read[jobList](t, w.get("/api/jobs"), http.StatusOK); len(list.Jobs) != 0 {
		t.Errorf("the list has %+v", list.Jobs)
	}
}

// Several photos can be copied to one key: each version is the photo of a job.
func TestDeleteKeepsOtherVersionsOfThePhoto(t *testing.T) {
	w := newWorld(t)
	key := "users/" + w.user + "/input/photo.jpg"
	var ids []job.ID
	for n := range 3 {
		s3test.Put(t, key, "image/jpeg", nil, fmt.Append(nil, "JPEG ", n))
		id := newID(t, time.Now())
		w.succeed(w.manifest(id, key, "photo.jpg"), 1, nil)
		ids = append(ids, id)
	}
	for i, id := range ids {
		if a := w.send(w.user, "DELETE", "/api/jobs/"+string(id), "", nil); a.StatusCode != http.StatusNoContent {
			t.Fatalf("deleting answers %d %s", a.StatusCode, a.body)
		}
		for n := i + 1; n < 3; n++ {
			view := read[jobDetail](t, w.get("/api/jobs/"+string(ids[n])), http.StatusOK)
			response, err := http.Get(view.Source.URL)
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || string(data) != fmt.Sprint("JPEG ", n) {
				t.Errorf("with job %d deleted, the photo of job %d is %q, %v", i, n, data, err)
			}
		}
	}
	if keys := s3test.Keys(t, "users/"+w.user+"/"); len(keys) != 0 {
		t.Errorf("it leaves %v", keys)
	}
}

// Results that the model server writes for a deleted job do not make it a job
// again.
func TestLateResultDoesNotRestoreADeletedJob(t *testing.T) {
	w := newWorld(t)
	id := newID(t, time.Now())
	if _, err := w.bucket.CreateResult(t.Context(), w.ref(id), job.FailedResult(1, job.Failure{}, time.Now())); err != nil {
		t.Fatal(err)
	}
	w.problem(w.get("/api/jobs/"+string(id)), http.StatusNotFound, "not_found")
	if list := read[jobList](t, w.get("/api/jobs"), http.StatusOK); len(list.Jobs) != 0 {
		t.Errorf("the list has %+v", list.Jobs)
	}
}

func TestS3ErrorIsReportedWithoutDetails(t *testing.T) {
	broken := s3.New(s3test.Client(nil).Options(), func(o *s3.Options) {
		o.HTTPClient = &http.Client{Transport: unreachable{}}
		o.Retryer = aws.NopRetryer{}
	})
	w := newWorldWith(t, config(), broken, time.Now)
	id := string(newID(t, time.Now()))
	for _, a := range []answer{w.get("/api/jobs"), w.get("/api/jobs/" + id), w.send(w.user, "DELETE", "/api/jobs/"+id, "", nil), w.post(catJPEG)} {
		p := w.problem(a, http.StatusInternalServerError, "internal_error")
		if p.RequestID == "" || strings.Contains(string(a.body), "10.0.0.1") || strings.Contains(string(a.body), s3test.Bucket) {
			t.Errorf("the response is %s", a.body)
		}
		if !strings.Contains(w.output.String(), p.RequestID) {
			t.Error("the log does not name the request")
		}
	}
	if !strings.Contains(w.output.String(), `"ServerErrors":1`) {
		t.Error("the fault is not counted")
	}
}

type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("dial tcp 10.0.0.1:443: no route to " + s3test.Bucket)
}

// The credentials of a role expire; what is signed with them must not claim a
// longer validity.
func TestPresignedURLsExpireWithTheCredentials(t *testing.T) {
	now := time.Now()
	client := s3.New(s3test.Client(nil).Options(), func(o *s3.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			c, err := s3test.Config().Credentials.Retrieve(ctx)
			c.CanExpire, c.Expires = true, now.Add(5*time.Minute)
			return c, err
		})
	})
	w := newWorldWith(t, config(), client, func() time.Time { return now })
	if p := w.submit(catJPEG); p.Upload.ExpiresAt.After(now.Add(5 * time.Minute)) {
		t.Errorf("the form is valid until %s", p.Upload.ExpiresAt)
	}
	id := newID(t, now)
	w.succeed(w.manifest(id, w.ref(id).PhotoKey("x", ".jpg"), "x.jpg"), 1, nil)
	detail := read[jobDetail](t, w.get("/api/jobs/"+string(id)), http.StatusOK)
	for _, parameter := range strings.Split(detail.Objects[0].Files[0].URL, "&") {
		if text, ok := strings.CutPrefix(parameter, "X-Amz-Expires="); ok {
			var seconds int
			if _, err := fmt.Sscan(text, &seconds); err != nil || seconds > 15*60 {
				t.Errorf("a file's address is good for %s s (%v)", text, err)
			}
			return
		}
	}
	t.Error("the address does not say how long it is good for")
}

func TestDescriptionIsPublicValidAndNamesEveryRoute(t *testing.T) {
	w := newWorld(t)
	a := w.send("", "GET", "/api/openapi.yaml", "", nil)
	if a.StatusCode != http.StatusOK || string(a.body) != api.Description || a.Header.Get("Content-Type") != "application/yaml" {
		t.Errorf("it answers %d as %s", a.StatusCode, a.Header.Get("Content-Type"))
	}
	if err := w.doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	var described []string
	for path, item := range w.doc.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	var routed []string
	for _, r := range route.Operations {
		routed = append(routed, r.Key())
	}
	slices.Sort(described)
	slices.Sort(routed)
	if !slices.Equal(described, routed) {
		t.Errorf("described are %v\nrouted are %v", described, routed)
	}
	if served := api.New(config(), api.Services{}).Routes(); !slices.Equal(served, route.Operations) {
		t.Errorf("served are %v\nrouted are %v", served, route.Operations)
	}
}

func TestDescriptionHasTheDefaultLimits(t *testing.T) {
	l := job.DefaultLimits()
	want := fmt.Sprintf("%d bytes, %d pixels, %d pixels a side, %d objects, %d pixels a side of a box and %d unfinished jobs.",
		l.MaxBytes, l.MaxPixels, l.MinSide, l.MaxObjects, l.MinBox, l.MaxUnfinished)
	if words := strings.Join(strings.Fields(description(t).Info.Description), " "); !strings.Contains(words, want) {
		t.Errorf("it does not say %q:\n%s", want, words)
	}
}

func TestConfigurationNamesEveryProblemAtOnce(t *testing.T) {
	for name, value := range map[string]string{"DATA_BUCKET": "", "WAKE": "never", "UPLOAD_SECONDS": "0", "DOWNLOAD_SECONDS": "700000"} {
		t.Setenv(name, value)
	}
	_, err := environment.Read[api.Config]()
	for _, name := range []string{"DATA_BUCKET", "SAGEMAKER_ENDPOINT_NAME", "WAKE", "UPLOAD_SECONDS", "DOWNLOAD_SECONDS"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in %v", name, err)
		}
	}
	t.Setenv("LIMITS", `{"maxObjects":0}`)
	if _, err := environment.Read[api.Config](); err == nil || !strings.Contains(err.Error(), "maxObjects") {
		t.Errorf("LIMITS gives %v", err)
	}
	for name, value := range map[string]string{"DATA_BUCKET": "b", "SAGEMAKER_ENDPOINT_NAME": "e", "WAKE": "alarm", "UPLOAD_SECONDS": "60", "DOWNLOAD_SECONDS": "60", "LIMITS": `{"maxObjects":4}`} {
		t.Setenv(name, value)
	}
	if c, err := environment.Read[api.Config](); err != nil || c.Limits.MaxObjects != 4 || c.Limits.MinBox != 8 {
		t.Errorf("a sound environment is read as %+v (%v)", c, err)
	}
}
