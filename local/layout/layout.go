// Package layout has what the HTML pages of one-machine mode share: the head,
// the brand, and the header with links to the pages.
package layout

import (
	_ "embed"
	"html/template"
	"io/fs"
	"maps"
	"time"
)

//go:embed parts.html
var parts string

// link is a link of the header.
type link struct {
	Path, Name string
	IsShown    bool
}

// Parse returns the templates of files that match pattern, with these:
//
//	{{template "head" "Title"}}    the page's metadata and title
//	{{template "brand"}}           the sign and the name
//	{{template "top" "/mailbox"}}  the header; its argument is the page's path
//
// Besides the given functions there are clock, which formats a time, and those
// that the templates above call.
func Parse(files fs.FS, pattern string, functions template.FuncMap) (*template.Template, error) {
	all := template.FuncMap{"clock": clock, "links": links}
	maps.Copy(all, functions)
	pages, err := template.New("").Funcs(all).Parse(parts)
	if err != nil {
		return nil, err
	}
	return pages.ParseFS(files, pattern)
}

// clock returns a local time in words.
func clock(t time.Time) string { return t.Local().Format("2 Jan 2006, 15:04:05") }

// links returns the header's links on the page at a path.
func links(path string) []link {
	shown := []link{{Path: "/mailbox", Name: "Mailbox"}, {Path: "/operations", Name: "Operations"}}
	for i := range shown {
		shown[i].IsShown = shown[i].Path == path
	}
	return shown
}
