// Package function starts the program of a Lambda function: environment, AWS
// configuration, logs, then the handler. What cannot start says why in one log
// line and ends, which Lambda reports as a failed initialization.
package function

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"

	"gen3d/internal/awsclient"
	"gen3d/internal/environment"
	"gen3d/internal/telemetry"
)

// Parts are what every function is made of.
type Parts struct {
	AWS aws.Config
	Log *slog.Logger
	// Metrics makes those of the function for a stack.
	Metrics func(stack string) *telemetry.Metrics
}

// Start reads the configuration C, makes the function called name with it and
// hands its handler, of a form that lambda.Start takes, to the runtime. Clients
// are made once, in build, and live as long as the instance. It does not return.
func Start[C environment.Config](name string, build func(config C, parts Parts) (handler any)) {
	log := telemetry.NewLogger(os.Stdout, slog.LevelInfo)
	slog.SetDefault(log) // for what the runtime says by itself
	config, err := environment.Read[C]()
	if err != nil {
		end(log, err)
	}
	cfg, err := awsclient.Load(context.Background())
	if err != nil {
		end(log, err)
	}
	lambda.Start(build(config, Parts{
		AWS: cfg, Log: log,
		Metrics: func(stack string) *telemetry.Metrics {
			return telemetry.NewMetrics(os.Stdout, time.Now, map[string]string{"Stack": stack, "Function": name})
		},
	}))
}

func end(log *slog.Logger, err error) {
	log.Error("the function cannot start", "error", err.Error())
	os.Exit(1)
}
