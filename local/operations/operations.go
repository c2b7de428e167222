// Package operations shows what the stack's dashboard and dead-letter queue
// show in the cloud: the backlog of the functions and the endpoint, and the
// events that failed all attempts. A dead letter can be redriven.
//
//	GET  /operations                            a page
//	GET  /operations.json                       the same as JSON
//	POST /operations/dead-letters/{id}/redrive  queues the event again
package operations

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"

	"gen3d/local/functions"
	"gen3d/local/layout"
)

// Functions reports the functions' load and dead letters; implemented by
// [functions.Runner].
type Functions interface {
	Loads() []functions.Load
	DeadLetters() ([]functions.DeadLetter, error)
	Redrive(id uint64) error
}

// Endpoint reports the asynchronous endpoint's backlog; implemented by
// endpoint.Endpoint.
type Endpoint interface {
	Backlog() (waiting, processing int)
}

// Pages serves the paths under /operations.
type Pages struct {
	Functions Functions
	Endpoint  Endpoint
	Log       *slog.Logger
}

//go:embed page
var files embed.FS

var pages = template.Must(layout.Parse(files, "page/*.html", template.FuncMap{
	"text": func(b []byte) string { return string(b) },
}))

// policy allows the page to use the mailbox's style sheet and submit forms to
// its own origin.
const policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// status is the content of the page.
type status struct {
	Endpoint    backlog                `json:"endpoint"`
	Functions   []functions.Load       `json:"functions"`
	DeadLetters []functions.DeadLetter `json:"deadLetters"`
}

// backlog counts requests to the endpoint; the sum is CloudWatch's
// ApproximateBacklogSize.
type backlog struct {
	Waiting    int `json:"waiting"`
	Processing int `json:"processing"`
}

// Handler serves the package's paths. POST requests of other origins are
// refused.
func (p *Pages) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /operations", p.show)
	mux.HandleFunc("GET /operations.json", p.list)
	mux.HandleFunc("POST /operations/dead-letters/{id}/redrive", p.redrive)
	return http.NewCrossOriginProtection().Handler(mux)
}

func (p *Pages) read(w http.ResponseWriter, r *http.Request) (status, bool) {
	dead, err := p.Functions.DeadLetters()
	if err != nil {
		p.Log.ErrorContext(r.Context(), "listing dead letters failed", "error", err)
		http.Error(w, "The dead letters could not be read from the data folder.", http.StatusInternalServerError)
		return status{}, false
	}
	waiting, processing := p.Endpoint.Backlog()
	return status{Endpoint: backlog{waiting, processing}, Functions: p.Functions.Loads(), DeadLetters: dead}, true
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request) {
	now, ok := p.read(w, r)
	if !ok {
		return
	}
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, "operations.html", now); err != nil {
		p.Log.ErrorContext(r.Context(), "writing the page of operations failed", "error", err)
		http.Error(w, "The page could not be written.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", policy)
	answer(w, "text/html; charset=utf-8", out.Bytes())
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request) {
	now, ok := p.read(w, r)
	if !ok {
		return
	}
	data, err := json.Marshal(now)
	if err != nil {
		p.Log.ErrorContext(r.Context(), "writing the list of operations failed", "error", err)
		http.Error(w, "The list could not be written.", http.StatusInternalServerError)
		return
	}
	answer(w, "application/json", data)
}

func answer(w http.ResponseWriter, mediaType string, data []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	// An error means that the client has disconnected.
	_, _ = w.Write(data)
}

func (p *Pages) redrive(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 64)
	if err == nil {
		err = p.Functions.Redrive(id)
	} else {
		err = functions.ErrNoDeadLetter
	}
	switch {
	case errors.Is(err, functions.ErrNoDeadLetter):
		http.Error(w, "There is no such dead letter; it may have been sent again already.", http.StatusNotFound)
	case err != nil:
		p.Log.ErrorContext(r.Context(), "sending a dead letter again failed", "id", id, "error", err)
		http.Error(w, "The event could not be queued.", http.StatusInternalServerError)
	default:
		p.Log.InfoContext(r.Context(), "a dead letter was sent again", "id", id)
		http.Redirect(w, r, "/operations", http.StatusSeeOther)
	}
}
