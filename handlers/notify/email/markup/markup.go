// Package markup writes HTML in which every text that is not a constant of the
// program is escaped. The compiler enforces this: [Writer.Markup] accepts only
// constants, since its parameter's type is not exported and no string variable
// is assignable to it. All other text is written by [Writer.Text] or
// [Writer.Link], which escape it.
//
// It replaces html/template, which makes the program too large: a template
// calls methods by name at run time, so the linker keeps every exported method
// of every type in the program, including all operations of each AWS client.
package markup

import (
	"html"
	"net/url"
	"strings"
)

// constant is an untyped string constant, the only value that another package
// can pass for this type.
type constant string

// Writer builds HTML. The zero value is ready to use.
type Writer struct {
	b strings.Builder
}

// Markup writes part of the page unescaped. A constant must end where text can
// follow: in the content of an element or in a double-quoted attribute, never
// in a tag, a comment, a script or a style sheet.
func (w *Writer) Markup(part constant) *Writer {
	w.b.WriteString(string(part))
	return w
}

// Text writes text of any origin, escaped for the content of an element and for
// a quoted attribute that is not a URL.
func (w *Writer) Text(text string) *Writer {
	w.b.WriteString(html.EscapeString(text))
	return w
}

// Link writes a URL for a double-quoted href. A URL of a scheme other than http
// and https, which could run a script, becomes "#".
func (w *Writer) Link(address string) *Writer {
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" && u.Scheme != "http" {
		address = "#"
	}
	return w.Text(address)
}

// String returns the HTML written so far.
func (w *Writer) String() string { return w.b.String() }
