package main

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"time"

	"gen3d/internal/job"
	"gen3d/local/objectstore"
	"gen3d/model-image/server"
)

// startModelServer runs the real model server with an instant backend.
func startModelServer(ctx context.Context, s3URL string) (*httptest.Server, error) {
	model, err := server.New(server.Config{
		Backend: job.BackendRelief, Bucket: objectstore.DataBucket, Stack: "bench", Address: "127.0.0.1:0",
		MaxConcurrency: 4, PhotoMemoryBytes: 6e9, PhotoTimeout: time.Minute, InvocationTimeout: time.Minute, DrainTimeout: time.Second, PhotoCacheBytes: 64 << 20,
		Limits: job.DefaultLimits(),
	}, server.Dependencies{
		S3: s3Client(s3URL), Backends: map[job.Backend]server.Backend{job.BackendRelief: instantBackend{}},
		Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	if err := model.SetUp(ctx); err != nil {
		return nil, err
	}
	return httptest.NewServer(model.Handler()), nil
}
