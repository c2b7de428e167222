package local

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// terminal is an [slog.Handler] that writes records as short lines for a
// terminal: time, part, message and attributes.
type terminal struct {
	mu    *sync.Mutex
	w     io.Writer
	part  string
	attrs string
}

// partKey is the attribute with the part of the service that logs a record.
const partKey = "part"

func newTerminal(w io.Writer) *terminal { return &terminal{mu: &sync.Mutex{}, w: w} }

func (t *terminal) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (t *terminal) Handle(_ context.Context, r slog.Record) error {
	var line strings.Builder
	fmt.Fprintf(&line, "%s  %-9s ", r.Time.Format("15:04:05"), t.part)
	if r.Level >= slog.LevelWarn {
		line.WriteString(r.Level.String() + ": ")
	}
	line.WriteString(r.Message + t.attrs)
	r.Attrs(func(a slog.Attr) bool {
		line.WriteString(format(a))
		return true
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := fmt.Fprintln(t.w, line.String())
	return err
}

func (t *terminal) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *t
	for _, a := range attrs {
		if a.Key == partKey {
			next.part = a.Value.String()
			continue
		}
		next.attrs += format(a)
	}
	return &next
}

// WithGroup ignores groups: a terminal's line needs no nesting.
func (t *terminal) WithGroup(string) slog.Handler { return t }

func format(a slog.Attr) string {
	value := a.Value.Resolve().String()
	if value == "" || strings.ContainsAny(value, " \t\n\"=") {
		value = fmt.Sprintf("%q", value)
	}
	return " " + a.Key + "=" + value
}
