// Command api is the Lambda function behind the HTTP API.
package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"gen3d/handlers/api"
	"gen3d/internal/awsclient"
	"gen3d/internal/bucket"
	"gen3d/internal/environment"
	"gen3d/internal/telemetry"
)

func main() {
	log := telemetry.NewLogger(os.Stdout, slog.LevelInfo)
	slog.SetDefault(log) // for what the runtime says by itself
	config, err := environment.Read[api.Config]()
	if err != nil {
		log.Error("the function cannot start", "error", err.Error())
		os.Exit(1)
	}
	cfg, err := awsclient.Load(context.Background())
	if err != nil {
		log.Error("the function cannot start", "error", err.Error())
		os.Exit(1)
	}
	client := awsclient.S3(cfg)
	lambda.Start(api.New(config, api.Services{
		S3: client, Bucket: bucket.New(client, config.Bucket),
		Now: time.Now, Random: rand.Reader, Log: log,
		Metrics: telemetry.NewMetrics(os.Stdout, time.Now, map[string]string{"Stack": config.Stack, "Function": "api"}),
	}).Handle)
}
