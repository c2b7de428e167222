package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/dustin/go-humanize"

	"gen3d/internal/stackoutput"
	"gen3d/internal/weights"
	"gen3d/internal/weights/hub"
	"gen3d/internal/weights/transfer"
)

// tokenVariable is the environment variable with the token of Hugging Face: an
// argument would be visible in the list of processes.
const tokenVariable = "HF_TOKEN"

type weightsCommand struct {
	Plan    weightsPlanCommand    `cmd:"" help:"List the files, their sizes, and their state in the model bucket, without changing it."`
	Push    weightsPushCommand    `cmd:"" help:"Copy the files from Hugging Face into the model bucket. Resumes an interrupted push."`
	Network weightsNetworkCommand `cmd:"" help:"Bring the network that finds masks in the browser to the site, or to a folder."`
}

// weightsPlace has the source and the target of the weights.
type weightsPlace struct {
	Stack   string `xor:"place" required:"" help:"Pulumi stack of the model bucket, such as dev. The AWS credentials are read as by the AWS CLI."`
	Bucket  string `xor:"place" required:"" help:"Model bucket, in place of a stack."`
	S3URL   string `name:"s3-url" placeholder:"URL" help:"S3 of gen3d local, such as http://127.0.0.1:9000, with its keys; with --bucket."`
	Hub     string `env:"HF_ENDPOINT" default:"${hub}" help:"Address of Hugging Face, or of a mirror."`
	Sources string `type:"existingfile" placeholder:"FILE" help:"Repositories to use, in place of the built-in list (internal/weights/sources.json)."`
}

type weightsPlanCommand struct{ weightsPlace }

func (c *weightsPlanCommand) Run(ctx context.Context, stdout io.Writer, stderr errorOutput) error {
	w, err := c.open(ctx, func(line string) { fmt.Fprintln(stderr, line) })
	if err != nil {
		return interrupted(ctx, err)
	}
	return writePlan(stdout, w.plan)
}

type weightsPushCommand struct{ weightsPlace }

// memoryLimit limits the garbage on top of what a push needs: ten parts of 8
// MiB, and the memory of the connections.
const memoryLimit = 140 << 20

func (c *weightsPushCommand) Run(ctx context.Context, stdout io.Writer, stderr errorOutput) error {
	debug.SetMemoryLimit(memoryLimit)
	show := newProgress(stderr.Writer)
	w, err := c.open(ctx, show.Line)
	if err != nil {
		return interrupted(ctx, err)
	}
	for _, origin := range w.plan.Origins {
		fmt.Fprintln(stdout, origin)
	}
	fmt.Fprintln(stdout, summary(w.plan))
	size, uploaded := w.plan.Size()
	show.Start(size, uploaded)
	err = transfer.Push(ctx, w.s3, w.catalog, w.plan, show)
	show.Stop()
	if err != nil {
		return interrupted(ctx, err)
	}
	fmt.Fprintf(stdout, "All weights are in s3://%s/%s.\n", w.plan.Bucket, weights.Prefix)
	if c.Stack != "" && !modelEnabled(ctx, c.Stack) {
		fmt.Fprintf(stdout, "Next: pulumi config set gen3d:model.enabled true --stack %s && make up STACK=%s\n", c.Stack, c.Stack)
	}
	return nil
}

// modelEnabled reports whether the settings of a stack have the model.
func modelEnabled(ctx context.Context, stack string) bool {
	given, err := stackoutput.Settings(ctx, "", stack)
	return err == nil && given["gen3d:model.enabled"] == "true"
}

// opened has what plan and push have in common.
type opened struct {
	s3      transfer.S3
	catalog *transfer.Catalog
	plan    *transfer.Plan
}

func (p *weightsPlace) open(ctx context.Context, notice func(string)) (*opened, error) {
	sources, err := readSources(p.Sources)
	if err != nil {
		return nil, err
	}
	token := strings.TrimSpace(os.Getenv(tokenVariable))
	store, err := p.store(ctx)
	if err != nil {
		return nil, err
	}
	if token == "" && store.secrets != nil {
		if token, err = stackToken(ctx, store.secrets, p.Stack); err != nil {
			return nil, err
		}
	}
	client, err := hub.New(hub.Config{URL: p.Hub, Token: token, Notice: notice})
	if err != nil {
		return nil, err
	}
	if err := transfer.CheckBucket(ctx, store.s3, store.bucket); err != nil {
		return nil, err
	}
	catalog, err := transfer.ReadCatalog(ctx, client, sources)
	if err != nil {
		return nil, err
	}
	plan, err := transfer.MakePlan(ctx, store.s3, store.bucket, catalog)
	if err != nil {
		return nil, err
	}
	return &opened{s3: store.s3, catalog: catalog, plan: plan}, nil
}

// readSources returns the sources of a file, or the built-in ones if name is
// empty.
func readSources(name string) (weights.Sources, error) {
	if name == "" {
		return weights.BuiltIn(), nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return weights.Sources{}, fmt.Errorf("reading the list of sources: %w", err)
	}
	sources, err := weights.ParseSources(text)
	if err != nil {
		return weights.Sources{}, fmt.Errorf("%s: %w", name, err)
	}
	return sources, nil
}

// interrupted replaces the error if a signal ended the work.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted: run the same command again to resume; after a day its lifecycle removes the parts of unfinished files")
	}
	return err
}

// bytesText formats a number of bytes in powers of a thousand, as the hub does.
func bytesText(n int64) string { return humanize.Bytes(uint64(max(n, 0))) }
