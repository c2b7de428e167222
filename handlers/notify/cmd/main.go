// Command notify is the Notify Lambda function.
package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"gen3d/handlers/notify"
	"gen3d/internal/awsclient"
	"gen3d/internal/bucket"
	"gen3d/internal/environment"
	"gen3d/internal/telemetry"
)

func main() {
	log := telemetry.NewLogger(os.Stdout, slog.LevelInfo)
	slog.SetDefault(log) // for what the runtime says by itself
	config, err := environment.Read[notify.Config]()
	if err != nil {
		log.Error("the function cannot start", "error", err.Error())
		os.Exit(1)
	}
	cfg, err := awsclient.Load(context.Background())
	if err != nil {
		log.Error("the function cannot start", "error", err.Error())
		os.Exit(1)
	}
	lambda.Start(notify.New(config, notify.Services{
		Bucket: bucket.New(awsclient.S3(cfg), config.Bucket),
		Users:  cognitoidentityprovider.NewFromConfig(cfg),
		Mail:   sesv2.NewFromConfig(cfg),
		Now:    time.Now, NewID: rand.Text, Log: log,
		Metrics: telemetry.NewMetrics(os.Stdout, time.Now, map[string]string{"Stack": config.Stack, "Function": "notify"}),
	}).Handle)
}
