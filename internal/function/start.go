// Package function starts the program of a Lambda function: environment, AWS
// configuration, logs, then the handler. A program that cannot start logs the
// reason and exits, which Lambda reports as a failed initialization.
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

// Parts are the dependencies of every function.
type Parts struct {
	AWS aws.Config
	Log *slog.Logger
	// Metrics returns the function's metrics for a stack.
	Metrics func(stack string) *telemetry.Metrics
}

// Start reads the configuration C, builds the function called name with it and
// starts the runtime with its handler, of a form that lambda.Start accepts.
// Clients are created once, in build. Start does not return.
func Start[C environment.Config](name string, build func(config C, parts Parts) (handler any)) {
	log := telemetry.NewLogger(os.Stdout, slog.LevelInfo)
	slog.SetDefault(log) // for messages of the runtime
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
