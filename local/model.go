package local

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/netutil"

	"gen3d/internal/environment"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
	"gen3d/local/endpoint"
	"gen3d/local/objectstore"
	"gen3d/model-image/server"
)

// Names of the asynchronous endpoint. Only its error topic has a subscriber:
// Notify.
const (
	errorTopic = "arn:aws:sns:" + objectstore.Region + ":" + accountID + ":Gen3DInferenceErrors-local"
	asyncPath  = "s3://" + objectstore.ModelBucket + "/async/"
)

// startEndpoint starts the asynchronous endpoint, and a model server unless the
// configuration has the URL of one.
func (s *service) startEndpoint(ctx context.Context) (*endpoint.Endpoint, error) {
	modelURL := s.config.Model
	if modelURL == "" {
		var err error
		if modelURL, err = s.startModel(ctx); err != nil {
			return nil, err
		}
	}
	e, err := endpoint.New(endpoint.Config{
		Name: endpointName, Account: accountID, Region: objectstore.Region, ModelURL: modelURL,
		OutputPath: asyncPath + "output", FailurePath: asyncPath + "failure", ErrorTopic: errorTopic,
		Concurrency: concurrency, Start: s.config.ModelStart, Idle: s.config.ModelIdle,
	}, endpoint.Dependencies{
		DB: s.db, S3: s.s3Client(), Log: s.part("endpoint"), NewID: uuid.NewString, Paused: s.disk().paused,
		Publish: func(_ context.Context, _ string, event []byte) error {
			return s.runner.InvokeAsync(notifyName, event)
		},
	})
	if err != nil {
		return nil, err
	}
	s.work(func(ctx context.Context) error {
		if err := e.Run(ctx); !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	})
	return e, nil
}

// concurrency is the endpoint's maximum of concurrent requests to the model
// server.
const concurrency = endpoint.DefaultConcurrency

// modelName returns the name or URL of the model, for the terminal.
func (s *service) modelName() string {
	if s.config.Model != "" {
		return s.config.Model
	}
	return string(job.BackendRelief)
}

// backend returns the backend that the page shows before the first result: a
// configured model server is expected to run SAM 3D.
func (s *service) backend() job.Backend {
	if s.config.Model != "" {
		return job.BackendSAM3D
	}
	return job.BackendRelief
}

// startModel starts a model server in this process, with the relief backend,
// and returns its URL.
func (s *service) startModel(ctx context.Context) (string, error) {
	listener, err := s.listen(ctx, "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	config, err := environment.From[server.Config](variables(map[string]string{
		"GEN3D_BACKEND":      string(job.BackendRelief),
		"LISTEN_ADDRESS":     listener.Addr().String(),
		"MAX_CONCURRENCY":    strconv.Itoa(concurrency),
		"INVOCATION_TIMEOUT": (invocationTimeout - modelMargin).String(),
		"DRAIN_TIMEOUT":      (stopTimeout / 2).String(),
		"PHOTO_CACHE_BYTES":  strconv.Itoa(photoCache),
	}))
	if err != nil {
		return "", fmt.Errorf("configuring the model server: %w", err)
	}
	model, err := server.New(config, server.Dependencies{
		S3: s.s3Client(), Backends: server.Backends(), Now: time.Now, Log: s.part("model"),
		Metrics: telemetry.NewMetrics(s.records, time.Now, map[string]string{"Stack": stackName, "Backend": string(job.BackendRelief)}),
	})
	if err != nil {
		return "", err
	}
	s.work(func(ctx context.Context) error {
		return model.Serve(ctx, netutil.LimitListener(listener, modelConnections))
	})
	return "http://" + listener.Addr().String(), nil
}

const (
	// modelConnections is enough for the endpoint's requests and pings.
	modelConnections = 4 * concurrency
	// modelMargin is the time for the model server to write the result of an
	// object that took too long, before the endpoint cancels the request.
	modelMargin = 30 * time.Second
	// photoCache is enough for the decoded photos of a few jobs, in bytes.
	photoCache = 256 << 20
)
