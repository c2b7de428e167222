package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"gen3d/cmd/gen3d/signin"
	"gen3d/internal/job"
	"gen3d/local/objectstore"
	"gen3d/local/queue"
)

const (
	listRequests = 200
	listUser     = "testuser001"
)

// measureList measures the API's two reads for a user with few jobs and with
// many.
func measureList(ctx context.Context, b *bench) error {
	first := map[string][]time.Duration{}
	for _, jobs := range []int{10, b.jobs} {
		times, err := b.runList(ctx, jobs)
		if err != nil {
			return fmt.Errorf("%d jobs: %w", jobs, err)
		}
		for _, what := range listed {
			if first[what] == nil {
				first[what] = times[what]
			}
			for _, p := range []int{50, 95} {
				b.table.add(fmt.Sprintf("%s of a user with %s jobs, p%d of %d", what, thousands(jobs), p, listRequests),
					ms(percentile(times[what], p)), ratioOf(percentile(times[what], p), percentile(first[what], p)), "10 jobs")
			}
		}
	}
	return nil
}

// listed are the kinds of requests. Their pages have the same length for few
// jobs and for many.
var listed = []string{"GET /api/jobs?limit=10", "GET /api/jobs?limit=4 after the middle one", "GET /api/jobs/{id}"}

func (b *bench) runList(ctx context.Context, jobs int) (_ map[string][]time.Duration, err error) {
	name := fmt.Sprintf("list-%d", jobs)
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	// A process can run only one object store, and this one may have run the
	// cloud.
	filling := exec.CommandContext(ctx, self, "-fill", filepath.Join(b.folder, name), "-jobs", strconv.Itoa(jobs))
	filling.Stderr = os.Stderr
	began := time.Now()
	if err := filling.Run(); err != nil {
		return nil, fmt.Errorf("filling the bucket: %w", err)
	}
	note("filled a bucket with %d jobs in %s", jobs, time.Since(began).Round(time.Second))
	l, err := b.startLocal(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.stop()) }()
	bearer, err := signin.Local(ctx, l.url, listUser)
	if err != nil {
		return nil, err
	}
	ids := fillIDs(jobs)
	// A cursor is the id of the page's last job.
	middle := "/api/jobs?limit=4&cursor=" + string(ids[len(ids)/2])
	times := map[string][]time.Duration{}
	for i := range listRequests + 5 {
		for _, what := range listed {
			path := map[string]string{
				listed[0]: "/api/jobs?limit=10", listed[1]: middle, listed[2]: "/api/jobs/" + string(ids[i*7919%len(ids)]),
			}[what]
			var answer map[string]any
			began := time.Now()
			if err := l.get(ctx, path, bearer, &answer); err != nil {
				return nil, err
			}
			if i >= 5 { // the first ones warm up
				times[what] = append(times[what], time.Since(began))
			}
		}
	}
	return times, nil
}

// fillIDs returns the ids of the jobs in a filled folder, newest first: one per
// minute.
func fillIDs(jobs int) []job.ID {
	newest := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	ids := make([]job.ID, jobs)
	for i := range ids {
		ids[i] = job.DeriveID("bench", strconv.Itoa(i), "", newest.Add(-time.Duration(i)*time.Minute))
	}
	return ids
}

// fillLabels are the labels of the objects, in turn.
var fillLabels = []string{"cup", "chair", "lamp", "", "shoe"}

// fillFolder writes finished jobs of one object, with small pictures of the photo
// and the mesh, into the S3 of a data folder for gen3d local, without sending
// events.
func fillFolder(ctx context.Context, folder string, jobs int) (err error) {
	db, err := queue.Open(filepath.Join(folder, "fill.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	store, err := objectstore.Start(ctx, objectstore.Config{
		Dir: filepath.Join(folder, "s3"), Addr: "127.0.0.1:0", DB: db, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	to := documents(s3Client("http://" + store.Addr()))
	photo, err := smallPhoto()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i, id := range fillIDs(jobs) {
		group.Go(func() error {
			ref := job.Ref{User: listUser, Job: id}
			m := manifest(ref, 1)
			m.Source.Name = fmt.Sprintf("photo %d.png", i+1)
			m.Objects[0].Label = fillLabels[i%len(fillLabels)]
			if _, err := to.CreateManifest(ctx, &m); err != nil {
				return err
			}
			if _, err := writeResult(ctx, to, ref, 1); err != nil {
				return err
			}
			if _, err := to.PutFile(ctx, ref, 1, job.FormatPreview, photo); err != nil {
				return err
			}
			if err := to.PutThumbnail(ctx, ref, photo); err != nil {
				return err
			}
			summary := job.Summary{
				State: job.StateSucceeded, Name: m.Source.Name, Total: 1, Succeeded: 1, Backend: job.BackendRelief, Preview: 1, Thumbnail: true,
			}
			summary.AddLabel(m.Objects[0].Label)
			at := id.Created()
			_, err := to.CreateNotice(ctx, ref, job.Notice{
				Version: job.Version, Holder: "bench", LeasedAt: at, SentAt: at,
				Summary: summary,
			})
			return err
		})
	}
	return group.Wait()
}
