// Package console is what the operators' commands print and ask: tables, JSON,
// facts and a confirmation.
package console

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// Streams are the input and the outputs of a command. Out has what it is asked
// for, Err its progress and questions.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Table prints rows under a header.
func (s Streams) Table(header []string, rows [][]string) error {
	return s.aligned(append([][]string{header}, rows...))
}

// Facts prints pairs of a name and a value, without those that have no value.
func (s Streams) Facts(pairs [][2]string) error {
	var rows [][]string
	for _, pair := range pairs {
		if pair[1] != "" {
			rows = append(rows, pair[:])
		}
	}
	return s.aligned(rows)
}

// aligned prints rows of cells in columns, without spaces at the ends of lines.
func (s Streams) aligned(rows [][]string) error {
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for _, cell := range row {
			fmt.Fprint(table, Plain(cell), "\t")
		}
		fmt.Fprintln(table)
	}
	err := table.Flush()
	for line := range strings.Lines(text.String()) {
		if err == nil {
			_, err = fmt.Fprintln(s.Out, strings.TrimRight(line, " \n"))
		}
	}
	if err != nil {
		return fmt.Errorf("printing a table: %w", err)
	}
	return nil
}

// JSON prints a document.
func (s Streams) JSON(document any) error {
	encoder := json.NewEncoder(s.Out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("printing JSON: %w", err)
	}
	return nil
}

// Say prints a sentence to Err.
func (s Streams) Say(format string, args ...any) {
	fmt.Fprintln(s.Err, Plain(fmt.Sprintf(format, args...)))
}

// errNotConfirmed is returned where the answer is not yes.
var errNotConfirmed = errors.New("not confirmed; nothing was changed")

// Confirm asks a question unless yes is given, and returns an error for any
// answer but yes. After an interruption it does not wait for the answer: a read
// of a terminal cannot be canceled.
func (s Streams) Confirm(ctx context.Context, yes bool, format string, args ...any) error {
	if yes {
		return nil
	}
	fmt.Fprintf(s.Err, "%s Type yes to go on: ", Plain(fmt.Sprintf(format, args...)))
	answered := make(chan error, 1)
	go func() { answered <- s.answer() }()
	select {
	case err := <-answered:
		return err
	case <-ctx.Done():
		fmt.Fprintln(s.Err)
		return errors.New("interrupted; nothing was changed")
	}
}

// answer reads a line, and returns an error unless it is yes.
func (s Streams) answer() error {
	answer, err := bufio.NewReader(io.LimitReader(s.In, 100)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if strings.TrimSpace(answer) != "yes" {
		return errNotConfirmed
	}
	return nil
}

// Plain replaces the control characters of a text: names and labels are the
// users', and could otherwise control the terminal.
func Plain(text string) string { return plain(text, "") }

// PlainLines is [Plain] for a text of several lines, such as an error that a
// program has printed.
func PlainLines(text string) string { return plain(text, "\n\t") }

func plain(text, keep string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(keep, r) {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

// Time formats a time as the commands print it, or as "" if it is zero.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// Count formats a number of things.
func Count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
