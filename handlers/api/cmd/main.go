// Command api is the Lambda function behind the HTTP API.
package main

import (
	"crypto/rand"
	"time"

	"gen3d/handlers/api"
	"gen3d/internal/awsclient"
	"gen3d/internal/bucket"
	"gen3d/internal/function"
)

func main() {
	function.Start("api", func(config api.Config, parts function.Parts) any {
		client := awsclient.S3(parts.AWS)
		return api.New(config, api.Services{
			S3: client, Bucket: bucket.New(client, config.Bucket),
			Now: time.Now, Random: rand.Reader, Log: parts.Log, Metrics: parts.Metrics(config.Stack),
		}).Handle
	})
}
