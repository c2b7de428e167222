package mailbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"gen3d/local/mailbox"
)

func fuzzed(f *testing.F) *mailbox.Mailbox {
	f.Helper()
	// Without NoSync, the disk would limit the fuzzing.
	db, err := bbolt.Open(filepath.Join(f.TempDir(), "mail.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	box, err := mailbox.New(mailbox.Config{Database: db, Identities: []string{sender}})
	if err != nil {
		f.Fatal(err)
	}
	return box
}

// post sends a body to the API and, if it is accepted, requests every page of
// the mail; all must succeed.
func post(t *testing.T, box *mailbox.Mailbox, body string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/v2/email/outbound-emails", strings.NewReader(body))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 x")
	w := httptest.NewRecorder()
	box.API().ServeHTTP(w, r)
	if w.Code == http.StatusBadRequest {
		return
	}
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		box.Pages().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		return w
	}
	var mails []mailbox.Mail
	if err := json.Unmarshal(get("/mailbox.json?limit=1").Body.Bytes(), &mails); err != nil {
		t.Fatal(err)
	}
	get("/mailbox")
	get("/mailbox/" + mails[0].ID)
	get("/mailbox/" + mails[0].ID + "/view")
	if mails[0].HTML != "" {
		get("/mailbox/" + mails[0].ID + "/html")
	}
}

func FuzzSendEmailBody(f *testing.F) {
	box := fuzzed(f)
	f.Add(`{"Content":{"Raw":{"Data":"RnJvbTogbm9yZXBseUBnZW5lc2lzM2QuY29tCgpoaQo="}},"Destination":{"ToAddresses":["a@example.com"]}}`)
	f.Add(`{"Content":{"Simple":{"Subject":{"Data":"s"}}}}`)
	f.Add(`{"Content":{"Template":{}}}`)
	f.Add(`[1`)
	f.Fuzz(func(t *testing.T, body string) { post(t, box, body) })
}

func FuzzRawMessage(f *testing.F) {
	box := fuzzed(f)
	f.Add(hostile())
	f.Add([]byte("From: " + sender + "\nTo: a@example.com\nContent-Type: text/html; charset=x\n\n<a href=':'><table><select><math>"))
	f.Add([]byte("From: " + sender + "\nTo: =?utf-8?q?=00?= <a@example.com>\nContent-Type: multipart/mixed; boundary=\"\"\n\n--\n\nx\n----\n"))
	f.Fuzz(func(t *testing.T, message []byte) {
		body, err := json.Marshal(map[string]any{"Content": map[string]any{"Raw": map[string]any{"Data": message}}})
		if err != nil {
			t.Fatal(err)
		}
		post(t, box, string(body))
	})
}
