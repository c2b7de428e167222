// Command gen3d runs the whole service on one machine, and has commands for its
// testers and operators.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"gen3d/internal/weights/hub"
)

type commands struct {
	Check    checkCommand    `cmd:"" help:"Check what a stack's deployment needs, without changing anything."`
	Deploy   deployCommand   `cmd:"" help:"Bring a stack from nothing to a tested service; after an interruption, go on."`
	Local    localCommand    `cmd:"" help:"Run the whole service on this machine."`
	Token    tokenCommand    `cmd:"" help:"Print a bearer token for the API, for use with curl."`
	Image    imageCommand    `cmd:"" help:"Build the model's image and push it."`
	Endpoint endpointCommand `cmd:"" help:"Compare the live endpoint with its stack."`
	Weights  weightsCommand  `cmd:"" help:"Bring the model's weights into the model bucket."`
	Smoke    smokeCommand    `cmd:"" help:"Prove that a stack, or the service on this machine, works: run the whole workflow and remove what it made."`
}

// errorOutput is the writer for a command's progress messages, apart from its
// output.
type errorOutput struct{ io.Writer }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run runs the program and returns its exit status: 0 for success, 1 for a
// command that failed, 2 for invalid arguments.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	status, exited := 0, false
	var c commands
	parser, err := kong.New(&c,
		kong.Name("gen3d"),
		kong.Description("Photos in, 3D meshes out."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { status, exited = code, true }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(stdout, (*io.Writer)(nil)),
		kong.Bind(errorOutput{stderr}),
		kong.Vars{"hub": hub.DefaultURL},
		kong.UsageOnError(),
	)
	if err != nil {
		fmt.Fprintln(stderr, "gen3d:", err)
		return 1
	}
	command, err := parser.Parse(args)
	if exited { // --help has been printed
		return status
	}
	if err != nil {
		fmt.Fprintf(stderr, "gen3d: %v; see gen3d --help\n", err)
		return 2
	}
	if err := command.Run(); err != nil {
		fmt.Fprintln(stderr, "gen3d:", err)
		return 1
	}
	return 0
}
