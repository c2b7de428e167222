package mailbox

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"

	"gen3d/internal/job"
	"gen3d/local/layout"
)

//go:embed page
var pageFiles embed.FS

var pages = template.Must(layout.Parse(pageFiles, "page/*.html", template.FuncMap{
	"size":    func(bytes int) string { return job.Bytes(int64(bytes)) },
	"runs":    splitLinks,
	"preview": preview,
}))

// Content security policies of the pages, and of the HTML parts of mails. A
// mail may use inline styles and embedded images; a link opens a new top-level
// tab outside the sandbox; everything else is blocked.
const (
	pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	partPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)

// pageLength is the number of mails on one page of the list.
const pageLength = 50

// listPage is the data of page/list.html.
type listPage struct {
	Mails []Mail
	// First is set on the page with the newest mails.
	First bool
	// Newest is the id of the first mail, "" if the mailbox is empty.
	Newest string
	// Older is the id for the link to the next page, "" on the last.
	Older string
}

// showList serves GET /mailbox?before={id}.
func (m *Mailbox) showList(w http.ResponseWriter, r *http.Request) {
	var before uint64
	if asked := r.URL.Query().Get("before"); asked != "" {
		number, err := strconv.ParseUint(asked, 10, 64)
		if err != nil || number == 0 {
			m.showError(w, http.StatusBadRequest, "There is no page at this address. Go back to the mailbox.")
			return
		}
		before = number
	}
	encoded, err := m.store.newest(before, pageLength+1)
	view := listPage{First: before == 0}
	for i, one := range encoded {
		var mail Mail
		if err == nil {
			err = json.Unmarshal(one, &mail)
		}
		if i == pageLength {
			view.Older = view.Mails[i-1].ID
			break
		}
		view.Mails = append(view.Mails, mail)
	}
	if err != nil {
		m.config.Log.ErrorContext(r.Context(), "listing mails failed", "error", err)
		m.showError(w, http.StatusInternalServerError, "The emails could not be read from the data folder.")
		return
	}
	if len(view.Mails) > 0 {
		view.Newest = view.Mails[0].ID
	}
	m.render(w, http.StatusOK, "list.html", view)
}

// listJSON serves GET /mailbox.json?limit=: all mails, or the newest ones up to
// limit.
func (m *Mailbox) listJSON(w http.ResponseWriter, r *http.Request) {
	limit := int(^uint(0) >> 1)
	if asked := r.URL.Query().Get("limit"); asked != "" {
		number, err := strconv.Atoi(asked)
		if err != nil || number < 1 {
			http.Error(w, "limit must be a number from 1 up", http.StatusBadRequest)
			return
		}
		limit = number
	}
	encoded, err := m.store.newest(0, limit)
	if err != nil {
		m.config.Log.ErrorContext(r.Context(), "listing mails failed", "error", err)
		http.Error(w, "the mails could not be read from the data folder", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	// An error means that the client has disconnected.
	_ = json.NewEncoder(w).Encode(encoded)
}

// find returns the mail that the path names. On failure it writes an error
// response and returns false.
func (m *Mailbox) find(w http.ResponseWriter, r *http.Request) (Mail, []byte, bool) {
	mail, raw, err := m.store.find(r.PathValue("id"))
	switch {
	case errors.Is(err, errNoMail):
		m.showError(w, http.StatusNotFound, "This email does not exist. Go back to the mailbox.")
	case err != nil:
		m.config.Log.ErrorContext(r.Context(), "reading a mail failed", "error", err)
		m.showError(w, http.StatusInternalServerError, "The email could not be read from the data folder.")
	}
	return mail, raw, err == nil
}

// download serves GET /mailbox/{id}: the message as a file.
func (m *Mailbox) download(w http.ResponseWriter, r *http.Request) {
	mail, raw, ok := m.find(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "message/rfc822")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="gen3d-mail-%s.eml"`, mail.ID))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	// An error means that the client has disconnected.
	_, _ = w.Write(raw)
}

// showMail serves GET /mailbox/{id}/view.
func (m *Mailbox) showMail(w http.ResponseWriter, r *http.Request) {
	if mail, _, ok := m.find(w, r); ok {
		m.render(w, http.StatusOK, "mail.html", mail)
	}
}

// showHTMLPart serves GET /mailbox/{id}/html, the frame's content. Its policy
// also applies when it is opened directly.
func (m *Mailbox) showHTMLPart(w http.ResponseWriter, r *http.Request) {
	mail, raw, ok := m.find(w, r)
	if !ok {
		return
	}
	var page []byte
	parsed, err := parse(raw)
	if err == nil {
		page, err = framed(mail.HTML, parsed.parts)
	}
	if err != nil {
		m.config.Log.ErrorContext(r.Context(), "showing a mail's HTML part failed", "id", mail.ID, "error", err)
		m.showError(w, http.StatusInternalServerError, "This email cannot be shown as HTML. Download it instead.")
		return
	}
	w.Header().Set("Content-Security-Policy", partPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	// An error means that the client has disconnected.
	_, _ = w.Write(page)
}

func (m *Mailbox) showError(w http.ResponseWriter, status int, text string) {
	m.render(w, status, "error.html", text)
}

func (m *Mailbox) render(w http.ResponseWriter, status int, name string, view any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, view); err != nil {
		m.config.Log.Error("rendering a page failed", "page", name, "error", err)
		http.Error(w, "The page could not be rendered.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	// An error means that the client has disconnected.
	_, _ = page.WriteTo(w)
}

// asset serves the pages' style sheet and script.
func asset(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=300")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, pageFiles, "page/"+path.Base(r.URL.Path))
}

// preview returns the beginning of a text in one line.
func preview(text string) string {
	words := strings.Join(strings.Fields(text), " ")
	if runes := []rune(words); len(runes) > 160 {
		return string(runes[:160]) + "…"
	}
	return words
}

// run is a piece of text; Link is set for a web address.
type run struct {
	Text string
	Link bool
}

var webAddress = regexp.MustCompile(`https?://[^\s<>"'` + "`" + `]+[^\s<>"'` + "`" + `.,;:!?)\]]`)

// splitLinks splits a text at the begin and end of web addresses.
func splitLinks(text string) []run {
	var runs []run
	end := 0
	for _, match := range webAddress.FindAllStringIndex(text, -1) {
		if match[0] > end {
			runs = append(runs, run{Text: text[end:match[0]]})
		}
		runs = append(runs, run{Text: text[match[0]:match[1]], Link: true})
		end = match[1]
	}
	if end < len(text) {
		runs = append(runs, run{Text: text[end:]})
	}
	return runs
}
