package bucket

import (
	"context"

	"golang.org/x/sync/errgroup"

	"gen3d/internal/job"
)

// readers limits the concurrent reads of one job's documents.
const readers = 16

// Content are the documents in the folder of a job that has a manifest.
type Content struct {
	Manifest *job.Manifest
	Notice   *job.Notice // nil if there is none
	Scene    *job.Scene  // nil if there is none
	// Results and Progress are by the object's number.
	Results  map[int]*job.Result
	Progress map[int]*job.Progress
}

// Content reads the documents that the snapshot names, concurrently.
func (b *Bucket) Content(ctx context.Context, snapshot *job.Snapshot) (*Content, error) {
	manifest, err := b.Manifest(ctx, snapshot.Ref)
	if err != nil {
		return nil, err
	}
	results := make([]*job.Result, len(manifest.Objects))
	progress := make([]*job.Progress, len(manifest.Objects))
	content := &Content{Manifest: manifest, Results: map[int]*job.Result{}, Progress: map[int]*job.Progress{}}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	if snapshot.Notice {
		group.Go(func() (err error) {
			content.Notice, _, err = b.Notice(ctx, snapshot.Ref)
			return err
		})
	}
	if snapshot.Scene {
		group.Go(func() (err error) {
			content.Scene, err = b.Scene(ctx, snapshot.Ref)
			return err
		})
	}
	for i, o := range manifest.Objects {
		if snapshot.Results[o.Index] {
			group.Go(func() (err error) {
				results[i], err = b.Result(ctx, snapshot.Ref, o.Index)
				return err
			})
		}
		if snapshot.Progress[o.Index] {
			group.Go(func() (err error) {
				progress[i], err = b.Progress(ctx, snapshot.Ref, o.Index)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, o := range manifest.Objects {
		if results[i] != nil {
			content.Results[o.Index] = results[i]
		}
		if progress[i] != nil {
			content.Progress[o.Index] = progress[i]
		}
	}
	return content, nil
}
