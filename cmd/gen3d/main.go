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
	"github.com/willabides/kongplete"

	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/cost"
	"gen3d/cmd/gen3d/doctor"
	"gen3d/cmd/gen3d/jobs"
	"gen3d/cmd/gen3d/redrive"
	"gen3d/cmd/gen3d/userdata"
	"gen3d/cmd/gen3d/users"
	"gen3d/cmd/gen3d/version"
	"gen3d/internal/weights/hub"
)

type commands struct {
	Check      checkCommand                 `cmd:"" group:"deploy" help:"Check what a stack's deployment needs, without changing anything."`
	Deploy     deployCommand                `cmd:"" group:"deploy" help:"Bring a stack from nothing to a tested service; after an interruption, go on."`
	Image      imageCommand                 `cmd:"" group:"deploy" help:"Build the model's image and push it."`
	Weights    weightsCommand               `cmd:"" group:"deploy" help:"Bring the model's weights into the model bucket."`
	Endpoint   endpointCommand              `cmd:"" group:"deploy" help:"Compare the live endpoint with its stack."`
	Doctor     doctor.Command               `cmd:"" group:"operate" help:"Look at a running stack: each line says ok, or what to do. Changes nothing."`
	Jobs       jobs.Commands                `cmd:"" group:"operate" help:"List, show, watch, download, retry and delete the jobs of any user."`
	Users      users.Commands               `cmd:"" group:"operate" help:"Add, list and remove the users of a stack."`
	User       userdata.Commands            `cmd:"" group:"operate" help:"Export or erase everything of a user."`
	Redrive    redrive.Commands             `cmd:"" group:"operate" help:"List the events that failed every retry, and send them again."`
	Cost       cost.Command                 `cmd:"" group:"operate" help:"Estimate what the GPU costs, a mesh and a month: gen3d cost --config Pulumi.dev.yaml --objects-per-day 50."`
	Smoke      smokeCommand                 `cmd:"" group:"operate" help:"Prove that a stack, or the service on this machine, works: run the whole workflow and remove what it made."`
	Local      localCommand                 `cmd:"" group:"other" help:"Run the whole service on this machine."`
	Token      tokenCommand                 `cmd:"" group:"other" help:"Print a bearer token for the API, for use with curl."`
	Version    version.Command              `cmd:"" group:"other" help:"Print the version."`
	Completion kongplete.InstallCompletions `cmd:"" group:"other" help:"Print the completion of your shell: eval \"$(gen3d completion)\"."`
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
	exit := func(code int) { status, exited = code, true }
	var c commands
	parser, err := kong.New(&c,
		kong.Name("gen3d"),
		kong.Description("Photos in, 3D meshes out."),
		kong.Writers(stdout, stderr),
		kong.Exit(exit),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(stdout, (*io.Writer)(nil)),
		kong.Bind(errorOutput{stderr}),
		kong.Bind(console.Streams{In: os.Stdin, Out: stdout, Err: stderr}),
		kong.Vars{"hub": hub.DefaultURL},
		kong.ExplicitGroups([]kong.Group{{Key: "deploy", Title: "Deploy:"}, {Key: "operate", Title: "Operate:"}, {Key: "other", Title: "Other:"}}),
		kong.UsageOnError(),
	)
	if err != nil {
		fmt.Fprintln(stderr, "gen3d:", err)
		return 1
	}
	if kongplete.Complete(parser, kongplete.WithExitFunc(exit)); exited { // the shell asked for words
		return status
	}
	command, err := parser.Parse(args)
	if exited { // --help or a completion has been printed
		return status
	}
	if err != nil {
		fmt.Fprintf(stderr, "gen3d: %v; see gen3d --help\n", err)
		return 2
	}
	if err := command.Run(); err != nil {
		// Errors name keys, which users choose.
		fmt.Fprintln(stderr, "gen3d:", console.PlainLines(err.Error()))
		return 1
	}
	return 0
}
