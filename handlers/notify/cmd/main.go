// Command notify is the Notify Lambda function.
package main

import (
	"crypto/rand"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"gen3d/handlers/notify"
	"gen3d/internal/awsclient"
	"gen3d/internal/bucket"
	"gen3d/internal/function"
)

func main() {
	function.Start("notify", func(config notify.Config, parts function.Parts) any {
		return notify.New(config, notify.Services{
			Bucket: bucket.New(awsclient.S3(parts.AWS), config.Bucket),
			Users:  cognitoidentityprovider.NewFromConfig(parts.AWS),
			Mail:   sesv2.NewFromConfig(parts.AWS),
			Now:    time.Now, NewID: rand.Text, Log: parts.Log, Metrics: parts.Metrics(config.Stack),
		}).Handle
	})
}
