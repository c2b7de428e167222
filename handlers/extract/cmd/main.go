// Command extract is the Extract Lambda function.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"

	"gen3d/handlers/extract"
	"gen3d/internal/awsclient"
	"gen3d/internal/bucket"
	"gen3d/internal/environment"
	"gen3d/internal/telemetry"
)

func main() {
	log := telemetry.NewLogger(os.Stdout, slog.LevelInfo)
	slog.SetDefault(log) // for what the runtime says by itself
	config, err := environment.Read[extract.Config]()
	if err != nil {
		log.Error("the function cannot start", "error", err.Error())
		os.Exit(1)
	}
	cfg, err := awsclient.Load(context.Background())
	if err != nil {
		log.Error("the function cannot start", "error", err.Error())
		os.Exit(1)
	}
	lambda.Start(extract.New(config, extract.Services{
		Bucket:   bucket.New(awsclient.S3(cfg), config.Bucket),
		Endpoint: sagemakerruntime.NewFromConfig(cfg),
		Now:      time.Now, Log: log,
		Metrics: telemetry.NewMetrics(os.Stdout, time.Now, map[string]string{"Stack": config.Stack, "Function": "extract"}),
	}).Handle)
}
