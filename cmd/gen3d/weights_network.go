package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"gen3d/internal/stackoutput"
	"gen3d/internal/weights/hub"
	"gen3d/internal/weights/transfer"
)

type weightsNetworkCommand struct {
	Stack   string `xor:"place" required:"" help:"Pulumi stack of the site, such as dev. The AWS credentials are read as by the AWS CLI."`
	Folder  string `xor:"place" required:"" type:"path" help:"Folder for gen3d local --network, in place of a stack."`
	Bucket  string `xor:"place" required:"" help:"Data bucket, in place of a stack."`
	S3URL   string `name:"s3-url" placeholder:"URL" help:"S3 of gen3d local, with its keys; with --bucket."`
	Hub     string `env:"HF_ENDPOINT" default:"${hub}" help:"Address of Hugging Face, or of a mirror."`
	Sources string `type:"existingfile" placeholder:"FILE" help:"Repositories to use, in place of the built-in list (internal/weights/sources.json)."`
	Remove  bool   `help:"Make the page find masks by color again. The files stay, for pages that are open."`
}

func (c *weightsNetworkCommand) Run(ctx context.Context, stdout io.Writer, stderr errorOutput) error {
	to, name, err := c.site(ctx)
	if err != nil {
		return err
	}
	if c.Remove {
		if err := transfer.RemoveNetwork(ctx, to); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%s has no network any more: masks are found by color.\n", name)
		return nil
	}
	sources, err := readSources(c.Sources)
	if err != nil {
		return err
	}
	if sources.Network == nil {
		return errors.New("the list of sources has no network")
	}
	notice := func(line string) { fmt.Fprintln(stderr, line) }
	client, err := hub.New(hub.Config{URL: c.Hub, Token: strings.TrimSpace(os.Getenv(tokenVariable)), Notice: notice})
	if err != nil {
		return err
	}
	network, err := transfer.PushNetwork(ctx, client, *sources.Network, to, func(path string, size int64) {
		notice(fmt.Sprintf("verified %s, %s", path, bytesText(size)))
	})
	if err != nil {
		if ctx.Err() != nil {
			return errors.New("interrupted: run the same command again; the page does not use the files before all are there")
		}
		return err
	}
	var size int64
	for _, file := range network.Files() {
		size += file.Bytes
	}
	fmt.Fprintf(stdout, "%s has the network %s @ %s, %s: the page finds masks with it.\n", name, network.Repository, network.Commit, bytesText(size))
	return nil
}

// site returns the place of the network, and its name for messages.
func (c *weightsNetworkCommand) site(ctx context.Context) (transfer.Site, string, error) {
	if c.Folder != "" {
		return transfer.FolderSite{Folder: c.Folder}, c.Folder, nil
	}
	place := weightsPlace{Stack: c.Stack, Bucket: c.Bucket, S3URL: c.S3URL}
	bucket := c.Bucket
	if c.Stack != "" {
		var outputs struct {
			DataBucket string `json:"dataBucket"`
		}
		if err := stackoutput.Read(ctx, "", c.Stack, &outputs); err != nil {
			return nil, "", err
		}
		if bucket = outputs.DataBucket; bucket == "" {
			return nil, "", fmt.Errorf("stack %s has no output dataBucket: deploy it first with make up STACK=%s", c.Stack, c.Stack)
		}
	}
	store, err := place.store(ctx)
	if err != nil {
		return nil, "", err
	}
	return transfer.BucketSite{S3: store.s3, Bucket: bucket}, "s3://" + bucket + "/public/", nil
}
