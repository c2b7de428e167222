// Command extract is the Extract Lambda function.
package main

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"

	"gen3d/handlers/extract"
	"gen3d/internal/awsclient"
	"gen3d/internal/bucket"
	"gen3d/internal/function"
	"gen3d/internal/instances"
)

func main() {
	function.Start("extract", func(config extract.Config, parts function.Parts) any {
		metrics := parts.Metrics(config.Stack)
		data := bucket.New(awsclient.S3(parts.AWS), config.Bucket)
		return extract.New(config, extract.Services{
			Instances: instances.New(config.Endpoint, instances.Services{
				SageMaker: sagemaker.NewFromConfig(parts.AWS), Now: time.Now, Log: parts.Log, Metrics: metrics, Asked: data.StartAsked,
			}),
			Bucket:   data,
			Endpoint: sagemakerruntime.NewFromConfig(parts.AWS),
			Now:      time.Now, Log: parts.Log, Metrics: metrics,
		}).Handle
	})
}
