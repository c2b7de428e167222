package main

import (
	"context"
	"io"
	"time"

	"gen3d/local"
)

type localCommand struct {
	Addr       string        `default:"127.0.0.1:8080" help:"Address of the page and the API: the one that browsers will use."`
	S3Addr     string        `default:"127.0.0.1:9000" name:"s3-addr" help:"Address of the S3 server, likewise."`
	Data       string        `default:".gen3d" type:"path" help:"Folder of all data."`
	Page       string        `default:"webapp/dist" type:"path" help:"Folder of the built page."`
	MinFree    fileSize      `default:"1GB" name:"min-free" placeholder:"SIZE" help:"Take no new photos while the disk has less free, such as 500MB. (default: ${default})"`
	Network    string        `type:"path" placeholder:"FOLDER" env:"GEN3D_NETWORK" help:"Folder of the network that finds masks in the browser, from gen3d weights network --folder. Without it masks are found by color."`
	Model      string        `placeholder:"URL" help:"URL of a model server, such as http://gpu-box:8080, in place of the built-in relief backend."`
	ModelStart time.Duration `name:"model-start" placeholder:"TIME" help:"Play an endpoint that scales from zero: how long an instance takes to start, such as 30s. A chosen photo starts one."`
	ModelIdle  time.Duration `name:"model-idle" placeholder:"TIME" help:"How long an instance runs without work, such as 1m. With neither, one always runs."`
}

func (c *localCommand) Run(ctx context.Context, stdout io.Writer) error {
	return local.Run(ctx, local.Config{
		Addr: c.Addr, S3Addr: c.S3Addr, Data: c.Data, Page: c.Page, Network: c.Network, Model: c.Model, MinFree: int64(c.MinFree),
		ModelStart: c.ModelStart, ModelIdle: c.ModelIdle,
	}, stdout)
}
