package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/model-image/server"
)

// instantBackend returns every object immediately, so that only the model
// server is measured.
type instantBackend struct{}

func (instantBackend) Name() job.Backend           { return job.BackendRelief }
func (instantBackend) Setup(context.Context) error { return nil }
func (instantBackend) Reconstruct(_ context.Context, in server.Input) (*server.Output, error) {
	in.Stage(job.StageReconstruct)
	in.Stage(job.StageExport)
	files := map[job.Format][]byte{}
	for _, f := range job.Made(in.Formats) {
		files[f] = meshFile
	}
	return &server.Output{Files: files, Mesh: job.MeshStats{Vertices: 4, Faces: 4}}, nil
}

// instantModel is a model server that only writes one file and the result, so
// that only the rest of the service is measured.
type instantModel struct {
	store atomic.Pointer[bucket.Bucket]
}

// use sets the bucket's client, which is known only after the service has
// started.
func (m *instantModel) use(client *s3.Client) { m.store.Store(documents(client)) }

func (m *instantModel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/invocations" {
		return // a ping
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	manifest, err := job.ParseManifest(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	n, err := job.ParseCustomAttributes(r.Header.Get("X-Amzn-Sagemaker-Custom-Attributes"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	result, err := writeResult(r.Context(), m.store.Load(), manifest.Ref(), n)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(result)
}
