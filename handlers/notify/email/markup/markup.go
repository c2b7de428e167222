// Package markup writes HTML of which every text that is not part of the
// program is escaped. The compiler holds the two apart: [Writer.Markup] takes
// constants of the program only, since its parameter's type has no name outside
// this package and no string variable converts to it; all else goes through
// [Writer.Text] or [Writer.Link], which escape.
//
// It stands in for html/template where that is too large: a template calls
// methods by name at run time, so the linker must keep every exported method of
// every type in the program, among them all operations of each AWS client.
package markup

import (
	"html"
	"net/url"
	"strings"
)

// constant is the text of an untyped constant: the only value that another
// package can pass for one.
type constant string

// Writer collects HTML. Its zero value is empty and ready.
type Writer struct {
	b strings.Builder
}

// Markup writes part of the page as it is. A constant must leave off where a
// text can follow: in the content of an element or inside a double-quoted
// attribute, never inside a tag, a comment, a script or a style sheet.
func (w *Writer) Markup(part constant) *Writer {
	w.b.WriteString(string(part))
	return w
}

// Text writes a text of any origin, escaped for the content of an element and
// for a quoted attribute that is no address.
func (w *Writer) Text(text string) *Writer {
	w.b.WriteString(html.EscapeString(text))
	return w
}

// Link writes an address for a double-quoted href. One that is not of http or
// https, and so might run as a script, becomes "#".
func (w *Writer) Link(address string) *Writer {
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" && u.Scheme != "http" {
		address = "#"
	}
	return w.Text(address)
}

// String is what was written.
func (w *Writer) String() string { return w.b.String() }
