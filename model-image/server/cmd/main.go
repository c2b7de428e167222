// The model server, the entry point of the container. SageMaker passes the
// argument serve, which is ignored.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"gen3d/internal/awsclient"
	"gen3d/internal/environment"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
	"gen3d/model-image/server"
	"gen3d/model-image/server/sam3d"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx); err != nil {
		telemetry.NewLogger(os.Stdout, slog.LevelInfo).Error("the model server cannot run", "error", err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	config, err := environment.Read[server.Config]()
	if err != nil {
		return err
	}
	cfg, err := awsclient.Load(ctx)
	if err != nil {
		return err
	}
	cfg.RetryMaxAttempts = 5 // the SDK's default of 3 would lose results that take minutes of GPU time
	log := telemetry.NewLogger(os.Stdout, config.LogLevel).With("stack", config.Stack)
	metrics := telemetry.NewMetrics(os.Stdout, time.Now,
		map[string]string{"Stack": config.Stack, "Backend": string(config.Backend)})
	backends := server.Backends()
	if config.Backend == job.BackendSAM3D {
		settings, err := environment.Read[sam3d.Settings]()
		if err != nil {
			return err
		}
		worker := sam3d.FromSettings(settings, log, metrics)
		defer worker.Close()
		backends[job.BackendSAM3D] = worker
	}
	s, err := server.New(config, server.Dependencies{
		S3: awsclient.S3(cfg), Backends: backends, Now: time.Now, Log: log, Metrics: metrics,
	})
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", config.Address)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", config.Address, err)
	}
	return s.Serve(ctx, listener)
}
