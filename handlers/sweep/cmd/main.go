// Command sweep is the Sweep Lambda function.
package main

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"gen3d/handlers/sweep"
	"gen3d/internal/awsclient"
	"gen3d/internal/bucket"
	"gen3d/internal/environment"
	"gen3d/internal/telemetry"
)

func main() {
	log := telemetry.NewLogger(os.Stdout, slog.LevelInfo)
	slog.SetDefault(log) // for what the runtime says by itself
	config, err := environment.Read[sweep.Config]()
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
	lambda.Start(sweep.New(config, sweep.Services{
		Bucket: bucket.New(client, config.Bucket), Copier: client,
		Now: time.Now, Shuffle: rand.Shuffle, Log: log,
		Metrics: telemetry.NewMetrics(os.Stdout, time.Now, map[string]string{"Stack": config.Stack, "Function": "sweep"}),
	}).Handle)
}
