package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

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

// A browser decodes a photo of thousands of scans or of billions of pixels again
// and again, and paints nothing meanwhile.
func TestJobHasNoLinkToAPhotoThatIsTooComplex(t *testing.T) {
	w := newWorld(t)
	for code, linked := range map[job.Code]bool{job.CodeTooComplex: false, job.CodeTooManyPixels: false, job.CodeBoxOutside: true} {
		id := newID(t, time.Now())
		m := job.NewManifest(w.ref(id), id.Created(), job.Source{
			Bucket: s3test.Bucket, Key: w.ref(id).PhotoKey("x", ".jpg"), ETag: "e", Bytes: 4, Width: 7056, Height: 7056, ContentType: "image/jpeg", Name: "x.jpg",
		}, nil, job.DefaultOptions())
		w.refused(&m, job.Failure{Code: code, Message: "Not this way."})
		detail := read[jobDetail](t, w.get("/api/jobs/"+string(id)), http.StatusOK)
		if detail.State != job.StateFailed || detail.Source.Name != "x.jpg" || (detail.Source.URL != "") != linked {
			t.Errorf("%s: the job is shown as %+v with %+v", code, detail, detail.Source)
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

// A document that somebody has changed by hand hides neither the other jobs nor
// the job itself, which its user can delete.
func TestJobWithADamagedDocumentIsShownAsFailed(t *testing.T) {
	for name, key := range map[string]func(job.Ref) string{
		"manifest": job.Ref.ManifestKey,
		"result":   func(ref job.Ref) string { return ref.ResultKey(1) },
		"notice":   job.Ref.NoticeKey,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			whole, broken := newID(t, time.Now()), newID(t, time.Now().Add(time.Second))
			for _, id := range []job.ID{whole, broken} {
				w.manifest(id, w.ref(id).PhotoKey("cat", ".jpg"), "cat.jpg", job.Selection{})
			}
			s3test.Put(t, key(w.ref(broken)), "application/json", nil, []byte("{"))
			want := *job.Unreadable()
			jobs := read[jobList](t, w.get("/api/jobs"), http.StatusOK).Jobs
			if len(jobs) != 2 || jobs[0].JobID != broken || jobs[0].State != job.StateFailed || jobs[0].Error == nil || *jobs[0].Error != want {
				t.Errorf("the list says %+v", jobs)
			}
			detail := read[jobDetail](t, w.get("/api/jobs/"+string(broken)), http.StatusOK)
			if detail.State != job.StateFailed || detail.Error == nil || *detail.Error != want {
				t.Errorf("the job is shown as %+v", detail)
			}
			if code := w.send(w.user, "DELETE", "/api/jobs/"+string(broken), "", nil).StatusCode; code != http.StatusNoContent {
				t.Errorf("deleting it gives status %d", code)
			}
			if jobs := read[jobList](t, w.get("/api/jobs"), http.StatusOK).Jobs; len(jobs) != 1 || jobs[0].JobID != whole {
				t.Errorf("after it is deleted the list says %+v", jobs)
			}
		})
	}
}
