package email

import (
	"fmt"
	"strings"
)

// text renders the email as plain text.
func (e Email) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nPhoto: %s\n%s\n", e.Heading, e.Photo, e.Summary)
	if e.Operator != nil {
		fmt.Fprintf(&b, "\nFor the administrator\nThe job's files: %s\n", e.Operator.Folder)
		for _, line := range e.Operator.Lines {
			fmt.Fprintf(&b, "%s\n", line)
		}
	}
	page := "The job's page"
	if !e.ForUser {
		page += ", which opens for its user alone"
	}
	fmt.Fprintf(&b, "\n%s: %s\n", page, e.Link)
	if e.Scene != nil {
		e.Scene.text(&b)
	}
	for _, o := range e.Objects {
		o.text(&b)
	}
	if e.Backend != "" {
		fmt.Fprintf(&b, "\nMade by: %s", e.Backend)
	}
	fmt.Fprintf(&b, "\nJob %s of user %s\n", e.JobID, e.UserID)
	return b.String()
}

func (s *Scene) text(b *strings.Builder) {
	b.WriteString("\n" + sceneTitle + "\n")
	for _, f := range s.Files {
		f.text(b)
	}
	if s.Message != "" {
		fmt.Fprintf(b, "  %s\n", s.Message)
	}
}

func (f File) text(b *strings.Builder) { fmt.Fprintf(b, "  %s (%s), %s\n", f.Name, f.Kind, f.Size) }

func (o Object) text(b *strings.Builder) {
	fmt.Fprintf(b, "\nObject %d", o.Number)
	if o.Label != "" {
		fmt.Fprintf(b, " (%s)", o.Label)
	}
	if !o.Ready {
		fmt.Fprintf(b, ": failed\n  %s\n", o.Message)
		return
	}
	b.WriteString(": ready\n")
	if o.Check != "" {
		fmt.Fprintf(b, "  %s\n", o.Check)
	}
	if o.Vertices != "" {
		fmt.Fprintf(b, "  %s vertices, %s triangles\n", o.Vertices, o.Faces)
	}
	for _, f := range o.Files {
		f.text(b)
	}
}
