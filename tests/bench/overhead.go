package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"golang.org/x/sync/errgroup"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

const (
	overheadJobs    = 15
	overheadObjects = 16 // per job
)

// measureOverhead measures requests to the model server with an instant
// backend, and to a bare HTTP handler that makes the same calls of S3. They
// take turns. The first object of each job, which fetches the photo, is not
// counted.
func measureOverhead(ctx context.Context, b *bench) error {
	c, err := b.needCloud(ctx)
	if err != nil {
		return err
	}
	full, err := startModelServer(ctx, c.s3URL)
	if err != nil {
		return err
	}
	defer full.Close()
	bare := httptest.NewServer(bareModel{documents(s3Client(c.s3URL))})
	defer bare.Close()
	photo, err := smallPhoto()
	if err != nil {
		return err
	}
	var fullTimes, bareTimes []time.Duration
	for range overheadJobs {
		for _, target := range []struct {
			url   string
			times *[]time.Duration
		}{{full.URL, &fullTimes}, {bare.URL, &bareTimes}} {
			m, err := storedJob(ctx, c, photo)
			if err != nil {
				return err
			}
			for n := range overheadObjects {
				took, err := invoke(ctx, target.url, m, n+1)
				if err != nil {
					return err
				}
				if n > 0 {
					*target.times = append(*target.times, took)
				}
			}
		}
	}
	c.take() // drops the events of the results
	head := fmt.Sprintf("of %d", len(fullTimes))
	b.table.add("request to a bare handler with the same calls of S3, median "+head, ms(median(bareTimes)), "1.00", "itself")
	b.table.add("request to the model server with an instant backend, median "+head, ms(median(fullTimes)),
		ratioOf(median(fullTimes), median(bareTimes)), "the bare handler")
	b.table.add("… 95th percentile", ms(percentile(fullTimes, 95)), ratioOf(percentile(fullTimes, 95), percentile(bareTimes, 95)), "the bare handler's")
	return nil
}

// storedJob stores a photo and returns the manifest of its objects.
func storedJob(ctx context.Context, c *cloud, photo []byte) (*job.Manifest, error) {
	id, err := job.NewID(time.Now(), rand.Reader)
	if err != nil {
		return nil, err
	}
	m := manifest(job.Ref{User: "overhead", Job: id}, overheadObjects)
	if err := putPhoto(ctx, s3Client(c.s3URL), m.Source.Key, m.Source.ContentType, photo, nil); err != nil {
		return nil, err
	}
	stored, err := documents(s3Client(c.s3URL)).Photo(ctx, m.Source.Key, "")
	if err != nil {
		return nil, err
	}
	m.Source.Bytes, m.Source.ETag, m.Source.VersionID = stored.Bytes, stored.ETag, stored.VersionID
	return &m, nil
}

// invoke requests object n of a model server, as the endpoint does.
func invoke(ctx context.Context, url string, m *job.Manifest, n int) (time.Duration, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/invocations", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Amzn-SageMaker-Custom-Attributes", job.CustomAttributes(n))
	began := time.Now()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	took := time.Since(began)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("the model answered %s: %s", response.Status, text)
	}
	return took, err
}

// bareModel makes the model server's calls for an object, and nothing else.
type bareModel struct{ store *bucket.Bucket }

func (b bareModel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := b.process(w, r); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (b bareModel) process(w http.ResponseWriter, r *http.Request) error {
	var m job.Manifest
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		return err
	}
	n, err := job.ParseCustomAttributes(r.Header.Get("X-Amzn-SageMaker-Custom-Attributes"))
	if err != nil {
		return err
	}
	ctx, ref := r.Context(), m.Ref()
	if _, err := b.store.Result(ctx, ref, n); !errors.Is(err, bucket.ErrNotFound) {
		return fmt.Errorf("there is a result already, or S3 failed: %w", err)
	}
	formats := job.Made(job.AllFormats)
	files := make([]job.File, len(formats))
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return b.store.PutProgress(groupCtx, ref, job.Progress{Version: job.Version, Index: n, Stage: job.StageFetch})
	})
	for i, format := range formats {
		group.Go(func() (err error) {
			files[i], err = b.store.PutFile(groupCtx, ref, n, format, meshFile)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	result := job.Result{
		Version: job.Version, Index: n, Status: job.StatusSucceeded, Files: files, Backend: job.BackendRelief, FinishedAt: time.Now().UTC(),
	}
	if _, err := b.store.CreateResult(ctx, ref, result); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(result)
}
