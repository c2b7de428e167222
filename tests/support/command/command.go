// Package command runs a group of gen3d's commands in a test, with the
// arguments of a command line.
package command

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"gen3d/cmd/gen3d/console"
)

// Result is what a command printed, and its error.
type Result struct {
	Out, Err string
	Failure  error
}

// Run runs the command that args select among commands, a pointer to a struct
// with kong's tags. input is what the user types.
func Run(t testing.TB, commands any, input string, args ...string) Result {
	t.Helper()
	return RunContext(t.Context(), t, commands, input, args...)
}

// RunContext is [Run] with a context.
func RunContext(ctx context.Context, t testing.TB, commands any, input string, args ...string) Result {
	t.Helper()
	var out, diagnostics bytes.Buffer
	parser, err := kong.New(commands,
		kong.Writers(&out, &diagnostics), kong.Exit(func(code int) { t.Errorf("kong exits with %d: %s", code, out.String()) }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(console.Streams{In: strings.NewReader(input), Out: &out, Err: &diagnostics}),
	)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(args)
	if err == nil {
		err = parsed.Run()
	}
	return Result{Out: out.String(), Err: diagnostics.String(), Failure: err}
}
