package operations_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gen3d/local/functions"
	"gen3d/local/operations"
)

type parts struct {
	dead  []functions.DeadLetter
	again []uint64
	fault error
}

func (p *parts) Loads() []functions.Load {
	return []functions.Load{{Function: "api"}, {Function: "extract", Waiting: 2, Running: 1}}
}

func (p *parts) DeadLetters() ([]functions.DeadLetter, error) { return p.dead, p.fault }

func (p *parts) Redrive(id uint64) error {
	if len(p.dead) == 0 || p.dead[0].ID != id {
		return functions.ErrNoDeadLetter
	}
	p.again, p.dead = append(p.again, id), nil
	return nil
}

func (p *parts) Backlog() (waiting, processing int) { return 7, 3 }

func serve(t *testing.T, p *parts) *httptest.Server {
	t.Helper()
	web := httptest.NewServer((&operations.Pages{Functions: p, Endpoint: p, Log: slog.New(slog.DiscardHandler)}).Handler())
	t.Cleanup(web.Close)
	return web
}

func send(t *testing.T, method, url, origin string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if origin != "" {
		r.Header.Set("Origin", origin)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body), answer.Header
}

func TestDeadLettersAreShownAndRedrivenOnce(t *testing.T) {
	p := &parts{dead: []functions.DeadLetter{{
		ID: 5, Function: "extract", RequestID: "r-1", Payload: []byte(`{"key":"<b>"}`), Attempts: 4, Error: "no <i>luck</i>", FailedAt: time.Now(),
	}}}
	web := serve(t, p)
	status, body, header := send(t, http.MethodGet, web.URL+"/operations", "")
	if status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/html") || header.Get("Content-Security-Policy") == "" {
		t.Errorf("the page answers %d %v", status, header)
	}
	for _, want := range []string{"no &lt;i&gt;luck", "failed 4 times", "&lt;b&gt;", "<td>7</td><td>3</td>", "<td>2</td><td>1</td>", "/operations/dead-letters/5/redrive"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s:\n%s", want, body)
		}
	}
	var listed struct {
		Endpoint    struct{ Waiting, Processing int }
		Functions   []functions.Load
		DeadLetters []functions.DeadLetter
	}
	status, body, _ = send(t, http.MethodGet, web.URL+"/operations.json", "")
	if err := json.Unmarshal([]byte(body), &listed); err != nil || status != http.StatusOK {
		t.Fatalf("the list answers %d %s", status, body)
	}
	if listed.Endpoint.Waiting != 7 || len(listed.Functions) != 2 || len(listed.DeadLetters) != 1 || listed.DeadLetters[0].ID != 5 {
		t.Errorf("the list is %s", body)
	}
	if status, _, _ = send(t, http.MethodPost, web.URL+"/operations/dead-letters/5/redrive", "http://elsewhere.example"); status != http.StatusForbidden || len(p.again) > 0 {
		t.Errorf("another origin's form answers %d; sent again: %v", status, p.again)
	}
	if status, body, _ = send(t, http.MethodPost, web.URL+"/operations/dead-letters/5/redrive", ""); status != http.StatusOK || !strings.Contains(body, "None.") {
		t.Errorf("after sending again the page is %d %s", status, body)
	}
	for _, id := range []string{"5", "x"} {
		if status, _, _ = send(t, http.MethodPost, web.URL+"/operations/dead-letters/"+id+"/redrive", ""); status != http.StatusNotFound {
			t.Errorf("sending %s again answers %d", id, status)
		}
	}
}

func TestErrorResponsesOmitTheCause(t *testing.T) {
	web := serve(t, &parts{fault: errors.New("secret path")})
	for _, path := range []string{"/operations", "/operations.json"} {
		if status, body, _ := send(t, http.MethodGet, web.URL+path, ""); status != http.StatusInternalServerError || strings.Contains(body, "secret") {
			t.Errorf("%s answers %d %s", path, status, body)
		}
	}
}
