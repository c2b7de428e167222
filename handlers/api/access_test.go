package api_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/handlers/api/route"
	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

func TestAnotherUsersJobDoesNotExist(t *testing.T) {
	a, b := newWorld(t), newWorld(t)
	p := a.submit(catJPEG)
	unknown := newID(t, time.Now())
	if list := read[jobList](t, b.get("/api/jobs"), http.StatusOK); len(list.Jobs) != 0 {
		t.Errorf("B's list has %+v", list.Jobs)
	}
	for _, r := range route.Operations {
		if !strings.Contains(r.Path, "{jobId}") {
			continue
		}
		of := func(id job.ID) answer {
			return b.send(b.user, r.Method, r.For(string(id)), "", nil)
		}
		other := of(p.JobID)
		b.problem(other, http.StatusNotFound, "not_found")
		if none := of(unknown); string(none.body) != string(other.body) {
			t.Errorf("%s distinguishes A's job from a missing one: %s and %s", r.Key(), other.body, none.body)
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
