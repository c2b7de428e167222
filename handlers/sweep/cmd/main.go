// Command sweep is the Sweep Lambda function.
package main

import (
	"math/rand/v2"
	"time"

	"gen3d/handlers/sweep"
	"gen3d/internal/awsclient"
	"gen3d/internal/bucket"
	"gen3d/internal/function"
)

func main() {
	function.Start("sweep", func(config sweep.Config, parts function.Parts) any {
		return sweep.New(config, sweep.Services{
			Bucket: bucket.New(awsclient.S3(parts.AWS), config.Bucket), Now: time.Now,
			Shuffle: rand.Shuffle, Log: parts.Log, Metrics: parts.Metrics(config.Stack),
		}).Handle
	})
}
