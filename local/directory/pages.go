package directory

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"

	"gen3d/local/layout"
)

//go:embed page
var pageFiles embed.FS

var pages = template.Must(layout.Parse(pageFiles, "page/*.html", nil))

// signInPage is the data of page/signin.html.
type signInPage struct {
	Style, Action string
	Users         []signInUser
}

type signInUser struct {
	Name, Email, Initials string
	// Focus is set on the button with the initial focus.
	Focus bool
}

func (d *Directory) showSignIn(w http.ResponseWriter, r *http.Request, request authRequest) {
	view := signInPage{
		Style:  d.prefix + "/style.css",
		Action: d.prefix + "/authorize?" + r.URL.Query().Encode(),
	}
	hinted := false
	for _, user := range d.users.listed() {
		focus := user.Name == request.hint
		hinted = hinted || focus
		view.Users = append(view.Users, signInUser{
			Name:     user.Name,
			Email:    user.Email,
			Initials: initials(user.Name),
			Focus:    focus,
		})
	}
	if !hinted && len(view.Users) > 0 {
		view.Users[0].Focus = true
	}
	d.render(w, http.StatusOK, "signin.html", view, " "+request.origin())
}

// initials returns the first letter and the last digit of a user's name: T1.
func initials(name string) string {
	runes := []rune(name)
	if len(runes) < 2 {
		return strings.ToUpper(name)
	}
	return strings.ToUpper(string([]rune{runes[0], runes[len(runes)-1]}))
}

// showMessage responds with a page, or with the text only if the client does
// not accept HTML.
func (d *Directory) showMessage(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		// An error means that the client has disconnected.
		_, _ = w.Write([]byte(text + "\n"))
		return
	}
	d.render(w, status, "message.html", struct{ Style, Title, Text string }{d.prefix + "/style.css", title, text}, "")
}

// render writes a page with a policy that allows only its style sheet and form.
// formTargets are further origins (each after a space) to which a form may
// redirect.
func (d *Directory) render(w http.ResponseWriter, status int, name string, view any, formTargets string) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, view); err != nil {
		d.config.Log.Error("rendering a page failed", "page", name, "error", err)
		http.Error(w, "The page could not be rendered.", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; form-action 'self'"+formTargets+"; base-uri 'none'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	// With no-referrer browsers would also send Origin: null with the form.
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	// An error means that the client has disconnected.
	_, _ = page.WriteTo(w)
}

// style serves GET /style.css.
func (d *Directory) style(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=300")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, pageFiles, "page/style.css")
}
