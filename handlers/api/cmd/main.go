// Command api is the Lambda function behind the HTTP API.
package main

import (
	"crypto/rand"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"gen3d/handlers/api"
	"gen3d/internal/awsclient"
	"gen3d/internal/bucket"
	"gen3d/internal/function"
	"gen3d/internal/instances"
)

func main() {
	function.Start("api", func(config api.Config, parts function.Parts) any {
		client := awsclient.S3(parts.AWS)
		data := bucket.New(client, config.Bucket)
		metrics := parts.Metrics(config.Stack)
		return api.New(config, api.Services{
			Instances: instances.New(config.Endpoint, instances.Services{
				SageMaker: sagemaker.NewFromConfig(parts.AWS), Now: time.Now, Log: parts.Log, Metrics: metrics, Asked: data.StartAsked,
			}),
			S3: client, Bucket: data,
			Now: time.Now, Random: rand.Reader, Log: parts.Log, Metrics: metrics,
		}).Handle
	})
}
