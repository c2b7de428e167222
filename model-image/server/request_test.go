package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gen3d/internal/job"
)

func TestMalformedRequestsAreRefusedWithAProblem(t *testing.T) {
	w := newWorld(t)
	good := w.job("cat.jpg")
	change := func(f func(*job.Manifest)) []byte {
		m := *good
		m.Objects = slices.Clone(m.Objects)
		f(&m)
		body, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	same := change(func(*job.Manifest) {})
	for _, test := range []struct {
		name   string
		body   []byte
		number string
		kind   string
		status int
		code   string
	}{
		{"no object number", same, "", "", 400, "bad_attributes"},
		{"object number 0", same, "object=0", "", 400, "bad_attributes"},
		{"object number with words", same, "object=one", "", 400, "bad_attributes"},
		{"no such object", same, "object=2", "", 400, "no_such_object"},
		{"image as body", []byte("\x89PNG\r\n\x1a\n"), "object=1", "", 400, "bad_manifest"},
		{"image type", same, "object=1", "image/png", 415, "wrong_content_type"},
		{"invalid content type", same, "object=1", "; ;", 415, "wrong_content_type"},
		{"empty body", nil, "object=1", "", 400, "bad_manifest"},
		{"JSON of another kind", []byte(`[1,2]`), "object=1", "", 400, "bad_manifest"},
		{"wrong types of fields", []byte(`{"version":"one"}`), "object=1", "", 400, "bad_manifest"},
		{"unknown version", change(func(m *job.Manifest) { m.Version = 2 }), "object=1", "", 400, "bad_manifest"},
		{"no objects", change(func(m *job.Manifest) { m.Objects = nil }), "object=1", "", 400, "bad_manifest"},
		{"invalid job ID", change(func(m *job.Manifest) { m.JobID = "../../x" }), "object=1", "", 400, "bad_manifest"},
		{"another user's photo", change(func(m *job.Manifest) {
			m.Source.Key = strings.Replace(m.Source.Key, m.UserID, "someoneelse", 1)
		}), "object=1", "", 400, "bad_manifest"},
		{"photo outside the input folder", change(func(m *job.Manifest) { m.Source.Key = m.Ref().OutputPrefix() + "x.png" }), "object=1", "", 400, "bad_manifest"},
		{"user with path traversal", change(func(m *job.Manifest) { m.UserID = "../public" }), "object=1", "", 400, "bad_manifest"},
		{"unknown format", change(func(m *job.Manifest) { m.Options.Formats = []job.Format{"obj"} }), "object=1", "", 400, "bad_manifest"},
		{"another bucket", change(func(m *job.Manifest) { m.Source.Bucket = "gen3d-local-model" }), "object=1", "", 400, "wrong_bucket"},
		{"huge body", append(bytes.Repeat([]byte(" "), 256<<10), same...), "object=1", "", 413, "manifest_too_large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			headers := map[string]string{}
			if test.number != "" {
				headers["X-Amzn-SageMaker-Custom-Attributes"] = test.number
			}
			if test.kind != "" {
				headers["Content-Type"] = test.kind
			}
			r := w.post(t.Context(), test.body, headers)
			if r.status != test.status || r.code(t) != test.code {
				t.Errorf("the answer is %d %s", r.status, r.body)
			}
			if r.header.Get("Content-Length") == "" {
				t.Error("the answer has no length")
			}
			for _, inside := range []string{"goroutine", ".go:", "json:", "Go struct", "panic"} {
				if strings.Contains(string(r.body), inside) {
					t.Errorf("the answer exposes internal details: %s", r.body)
				}
			}
		})
	}
	if w.backend.calls.Load() != 0 || w.stored(good, 1) != nil {
		t.Error("a malformed request was processed")
	}
}

// The rest of a body that is too large is not awaited.
func TestHugeBodyIsRefusedFromItsBeginning(t *testing.T) {
	w := newWorld(t)
	body, sender := io.Pipe()
	defer func() { _ = sender.Close() }()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/invocations", body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = 8 << 20
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Amzn-SageMaker-Custom-Attributes", "object=1")
	go func() { _, _ = sender.Write(make([]byte, 512<<10)) }() // fails if the answer comes first
	r, err := send(req)
	if err != nil {
		t.Fatal(err)
	}
	if r.status != http.StatusRequestEntityTooLarge || r.code(t) != "manifest_too_large" {
		t.Errorf("the answer is %d %s", r.status, r.body)
	}
}

func TestOtherPathsAndMethodsAreRefused(t *testing.T) {
	w := newWorld(t)
	if r := w.get("/"); r.status != http.StatusNotFound || r.code(t) != "not_found" {
		t.Errorf("GET /: %d %s", r.status, r.body)
	}
	if r := w.get("/invocations"); r.status != http.StatusMethodNotAllowed || r.code(t) != "method_not_allowed" || r.header.Get("Allow") != "POST" {
		t.Errorf("GET /invocations: %d %s", r.status, r.body)
	}
}
