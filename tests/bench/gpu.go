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
	gpuJobs    = 2
	gpuObjects = 5 // per job
	// gpuWork is the simulated GPU time of the model's double for an object.
	gpuWork = 10 * time.Second
	// gpuSubdivisions makes the double's object a ball of 40,962 vertices, as many
	// Gaussians, and 81,920 triangles. The real model's have ten times as many, and
	// an export on the CPU of an instance takes seconds too.
	gpuSubdivisions = 6
	// gpuLatency is added to every request to S3.
	gpuLatency = 50 * time.Millisecond
	// gpuConcurrency is the stacks' default of model.maxConcurrency.
	gpuConcurrency = 3
)

// measureGPU measures how long the GPU waits for its server in a backlog: for a
// plain Flask server that runs the worker's engine and its exporter for one
// request after the other, for the model server that does not use the GPU while
// files are exported, and for the model server as it is. The model is the double
// of the worker's tests, which sleeps instead of computing and logs the time.
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
	picture, err := os.ReadFile(filepath.Join(b.photos, "coffee.jpg"))
	if err != nil {
		return err
	}
	var plain *gpuServer
	for _, begin := range []func(context.Context) (*gpuServer, error){lab.flask, lab.sequential, lab.modelServer} {
		s, err := begin(ctx)
		if err != nil {
			return err
		}
		if err := errors.Join(s.backlog(ctx, c, picture), s.stop()); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if plain == nil {
			plain = s
		}
		b.gpuRows(s, plain)
	}
	c.take() // drops the events of the results
	return nil
}

// backlog lets the server process one object, to warm up, and then the backlog,
// which it measures.
func (s *gpuServer) backlog(ctx context.Context, c *cloud, picture []byte) error {
	for _, jobs := range []int{0, gpuJobs} {
		var objects []gpuObject
		if jobs == 0 {
			m, err := gpuJob(ctx, c, picture)
			if err != nil {
				return err
			}
			objects = append(objects, gpuObject{m, 1})
		}
		for range jobs {
			m, err := gpuJob(ctx, c, picture)
			if err != nil {
				return err
			}
			for n := range gpuObjects {
				objects = append(objects, gpuObject{m, n + 1})
			}
		}
		if err := s.serve(ctx, objects); err != nil {
			return err
		}
	}
	return nil
}

// gpuRows adds the rows of a server, compared with the plain one.
func (b *bench) gpuRows(s, plain *gpuServer) {
	const objects = gpuJobs * gpuObjects
	each := func(d time.Duration) string { return ms(d / objects) }
	b.table.add(fmt.Sprintf("%s, time an object, mean of a backlog of %d", s.name, objects), each(s.elapsed), ratioOf(s.elapsed, plain.elapsed), plain.name)
	b.table.add("… of it the GPU is not at work", each(s.elapsed-s.busy), ratioOf(s.elapsed-s.busy, plain.elapsed-plain.busy), plain.name)
	b.table.add("… the GPU's idle share, from the first request to the last answer", percent(s.idle()), ratio(s.idle(), plain.idle()), plain.name)
	b.table.add("… the GPU's idle share between its first and its last object", percent(s.gaps()), ratio(s.gaps(), plain.gaps()), plain.name)
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

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
