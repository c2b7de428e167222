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

// Topics of the asynchronous endpoint. Only the one for errors has a
// subscriber: Notify.
const (
	errorTopic = "arn:aws:sns:" + objectstore.Region + ":" + accountID + ":Gen3DInferenceErrors-local"
	asyncPath  = "s3://" + objectstore.ModelBucket + "/async/"
)

// startEndpoint starts the asynchronous endpoint, before a model server of its
// own unless the configuration names another one.
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
		Concurrency: concurrency,
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

// concurrency is how many requests the endpoint gives the model server at once:
// one that is made and the next ones whose photos are fetched meanwhile.
const concurrency = 4

// modelName says which model makes the meshes, for the person at the terminal.
func (s *service) modelName() string {
	if s.config.Model != "" {
		return s.config.Model
	}
	return string(job.BackendRelief)
}

// backend is what the page says before there is a result that names its own: a
// model server elsewhere is there for SAM 3D.
func (s *service) backend() job.Backend {
	if s.config.Model != "" {
		return job.BackendSAM3D
	}
	return job.BackendRelief
}

// startModel starts a model server in this process, with the relief backend, and
// returns its URL.
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
	// modelConnections leaves the endpoint's requests room for its pings.
	modelConnections = 4 * concurrency
	// modelMargin leaves the model server time to write the result that says that
	// an object took too long, before the endpoint breaks the request off.
	modelMargin = 30 * time.Second
	// photoCache holds the decoded photos of a few jobs.
	photoCache = 256 << 20
)
