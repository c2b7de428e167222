package api_test

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

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
