package bucket

import (
	"context"
	"errors"
	"time"

	"gen3d/internal/job"
)

// Summary returns a job's summary at the time now. It reads a finished job's
// from its notice, which is a single read. It is nil if the folder holds no
// job, or no longer does.
func (b *Bucket) Summary(ctx context.Context, ref job.Ref, now time.Time) (*job.Summary, error) {
	notice, _, err := b.Notice(ctx, ref)
	if err == nil {
		return &notice.Summary, nil
	}
	if !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	snapshot, err := b.Snapshot(ctx, ref)
	if err != nil {
		return nil, err
	}
	sum, err := b.unfinished(ctx, snapshot, now)
	if errors.Is(err, ErrNotFound) {
		return nil, nil // deleted between two reads
	}
	return sum, err
}

func (b *Bucket) unfinished(ctx context.Context, snapshot *job.Snapshot, now time.Time) (*job.Summary, error) {
	switch {
	case snapshot.Manifest:
		manifest, err := b.Manifest(ctx, snapshot.Ref)
		if err != nil {
			return nil, err
		}
		results := map[int]*job.Result{}
		for n := range snapshot.Results {
			if results[n], err = b.Result(ctx, snapshot.Ref, n); err != nil {
				return nil, err
			}
		}
		sum := snapshot.Summarize(manifest, results)
		return &sum, nil
	case snapshot.Upload:
		upload, err := b.Upload(ctx, snapshot.Ref)
		if err != nil {
			return nil, err
		}
		sum := &job.Summary{Name: upload.Name, Total: len(upload.Objects)}
		for _, o := range upload.Objects {
			sum.AddLabel(o.Label)
		}
		if sum.State, sum.Error = upload.State(now); sum.State == job.StateFailed {
			sum.Failed = sum.Total
		}
		return sum, nil
	}
	return nil, nil
}
