// Command extract is the Extract Lambda function.
package main

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"

	"gen3d/handlers/extract"
	"gen3d/internal/awsclient"
	"gen3d/internal/bucket"
	"gen3d/internal/function"
)

func main() {
	function.Start("extract", func(config extract.Config, parts function.Parts) any {
		return extract.New(config, extract.Services{
			Bucket:   bucket.New(awsclient.S3(parts.AWS), config.Bucket),
			Endpoint: sagemakerruntime.NewFromConfig(parts.AWS),
			Now:      time.Now, Log: parts.Log, Metrics: parts.Metrics(config.Stack),
		}).Handle
	})
}
