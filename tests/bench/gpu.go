package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"gen3d/internal/job"
	"gen3d/internal/photo"
	"gen3d/local/objectstore"
)

const (
	gpuRounds  = 3 // in each, the two servers take turns
	gpuJobs    = 2 // per round
	gpuObjects = 5 // per job
	// gpuWork is the simulated GPU time of the model's double for an object.
	// The real model takes tens of seconds, which would hide a server's time.
	gpuWork = time.Second
	// gpuLatency is added to every request to S3.
	gpuLatency = 50 * time.Millisecond
	// gpuConcurrency is the stacks' default of model.maxConcurrency.
	gpuConcurrency = 2
)

// measureGPU measures how long the GPU waits for its server: for the model
// server with its worker, and for a plain Flask server that runs the worker's
// engine for one request after the other. The model is the double of the
// worker's tests, which sleeps instead of computing and logs the time.
func measureGPU(ctx context.Context, b *bench) (err error) {
	c, err := b.needCloud(ctx)
	if err != nil {
		return err
	}
	slow, err := delayed(c.s3URL)
	if err != nil {
		return err
	}
	defer slow.Close()
	lab, err := b.newLab(ctx, slow.URL)
	if err != nil {
		return err
	}
	model, err := lab.modelServer(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, model.stop()) }()
	plain, err := lab.flask(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plain.stop()) }()
	picture, err := os.ReadFile(filepath.Join(b.photos, "coffee.jpg"))
	if err != nil {
		return err
	}
	for round := range gpuRounds + 1 { // the first warms up
		for _, s := range []*gpuServer{plain, model} {
			var manifests []*job.Manifest
			for range gpuJobs {
				m, err := gpuJob(ctx, c, picture)
				if err != nil {
					return err
				}
				manifests = append(manifests, m)
			}
			if err := s.serve(ctx, manifests, round > 0); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	c.take() // drops the events of the results
	if err := errors.Join(plain.stop(), model.stop()); err != nil {
		return err
	}
	return b.gpuRows(plain, model)
}

// gpuRows adds the rows of the plain server, then those of the model server.
func (b *bench) gpuRows(plain, model *gpuServer) error {
	const objects = gpuRounds * gpuJobs * gpuObjects
	each := func(d time.Duration) string { return ms(d / objects) }
	var outside [2]time.Duration
	for i, s := range []*gpuServer{plain, model} {
		engine, err := s.engine(objects)
		if err != nil {
			return err
		}
		outside[i] = s.elapsed - engine
		b.table.add(fmt.Sprintf("%s, time an object, mean of %d", s.name, objects), each(s.elapsed), ratioOf(s.elapsed, plain.elapsed), plain.name)
		b.table.add("… of it the worker's engine is not at work", each(outside[i]), ratioOf(outside[i], outside[0]), plain.name)
		b.table.add("… of it the GPU is not at work", each(s.elapsed-s.busy), ratioOf(s.elapsed-s.busy, plain.elapsed-plain.busy), plain.name)
		b.table.add("… the GPU's idle share", fmt.Sprintf("%.0f %%", 100*s.idle()), ratio(s.idle(), plain.idle()), plain.name)
	}
	return nil
}

// delayed returns a proxy that adds gpuLatency to every request to S3.
func delayed(address string) (*httptest.Server, error) {
	store, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	forward := &httputil.ReverseProxy{Transport: manyConnections().Transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(store)
		r.Out.Host = r.In.Host // part of the signature
	}}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(gpuLatency)
		forward.ServeHTTP(w, r)
	})), nil
}

// gpuJob stores the photo of a job and returns its manifest.
func gpuJob(ctx context.Context, c *cloud, picture []byte) (*job.Manifest, error) {
	id, err := job.NewID(time.Now(), rand.Reader)
	if err != nil {
		return nil, err
	}
	info, err := photo.Probe(bytes.NewReader(picture), int64(len(picture)))
	if err != nil {
		return nil, err
	}
	ref := job.Ref{User: "gpu", Job: id}
	key := ref.PhotoKey("photo", ".jpg")
	if err := putPhoto(ctx, s3Client(c.s3URL), key, info.ContentType, picture, nil); err != nil {
		return nil, err
	}
	stored, err := documents(s3Client(c.s3URL)).Photo(ctx, key, "")
	if err != nil {
		return nil, err
	}
	m := job.NewManifest(ref, time.Now(), job.Source{
		Bucket: objectstore.DataBucket, Key: key, VersionID: stored.VersionID, ETag: stored.ETag, Bytes: int64(len(picture)),
		Width: info.Width, Height: info.Height, Orientation: info.Orientation, ContentType: info.ContentType, Name: "photo.jpg",
	}, make([]job.Selection, gpuObjects), job.Options{Formats: job.AllFormats})
	return &m, nil
}
