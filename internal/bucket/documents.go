package bucket

import (
	"context"
	"fmt"

	"gen3d/internal/job"
)

// CreateUpload writes upload.json. The error wraps [ErrConflict] if there is
// another one already.
func (b *Bucket) CreateUpload(ctx context.Context, u *job.Upload) error {
	ref := job.Ref{User: u.UserID, Job: u.JobID}
	if created, err := b.create(ctx, ref.UploadKey(), u); err != nil {
		return err
	} else if !created {
		return fmt.Errorf("putting %s: %w", ref.UploadKey(), ErrConflict)
	}
	return nil
}

// Upload reads upload.json.
func (b *Bucket) Upload(ctx context.Context, ref job.Ref) (*job.Upload, error) {
	u, _, err := read[job.Upload](ctx, b, ref.UploadKey())
	return u, err
}

// CreateManifest writes job.json unless it exists. If it does, created is
// false, and the existing document is the manifest.
func (b *Bucket) CreateManifest(ctx context.Context, m *job.Manifest) (created bool, err error) {
	return b.create(ctx, m.Ref().ManifestKey(), m)
}

// Manifest reads job.json.
func (b *Bucket) Manifest(ctx context.Context, ref job.Ref) (*job.Manifest, error) {
	data, _, err := b.get(ctx, ref.ManifestKey())
	if err != nil {
		return nil, err
	}
	m, err := job.ParseManifest(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", ref.ManifestKey(), ErrUnreadable, err)
	}
	if m.Ref() != ref {
		return nil, fmt.Errorf("%s: %w: it describes job %s of another folder", ref.ManifestKey(), ErrUnreadable, m.JobID)
	}
	return m, nil
}

// PutQueued records that the endpoint has accepted the request for object n.
func (b *Bucket) PutQueued(ctx context.Context, ref job.Ref, q job.Queued) error {
	_, err := b.put(ctx, ref.QueuedKey(q.Index), q)
	return err
}

// Queued reads n.queued.json.
func (b *Bucket) Queued(ctx context.Context, ref job.Ref, n int) (*job.Queued, error) {
	q, _, err := read[job.Queued](ctx, b, ref.QueuedKey(n))
	return q, err
}

// PutProgress writes n.started.json, replacing the previous stage.
func (b *Bucket) PutProgress(ctx context.Context, ref job.Ref, p job.Progress) error {
	_, err := b.put(ctx, ref.ProgressKey(p.Index), p)
	return err
}

// Progress reads n.started.json.
func (b *Bucket) Progress(ctx context.Context, ref job.Ref, n int) (*job.Progress, error) {
	p, _, err := read[job.Progress](ctx, b, ref.ProgressKey(n))
	return p, err
}

// CreateResult writes n.result.json unless object n has a result. If it does,
// created is false, and the first result is not changed.
func (b *Bucket) CreateResult(ctx context.Context, ref job.Ref, r job.Result) (created bool, err error) {
	return b.create(ctx, ref.ResultKey(r.Index), r)
}

// Result reads n.result.json.
func (b *Bucket) Result(ctx context.Context, ref job.Ref, n int) (*job.Result, error) {
	r, _, err := read[job.Result](ctx, b, ref.ResultKey(n))
	return r, err
}

// Notice reads notified.json. It returns the ETag for a conditional write.
func (b *Bucket) Notice(ctx context.Context, ref job.Ref) (*job.Notice, string, error) {
	return read[job.Notice](ctx, b, ref.NoticeKey())
}

// CreateNotice takes the lease on the job's mails and returns its ETag. The
// error wraps [ErrConflict] if there is a lease already.
func (b *Bucket) CreateNotice(ctx context.Context, ref job.Ref, n job.Notice) (etag string, err error) {
	return b.put(ctx, ref.NoticeKey(), n, ifAbsent)
}

// ReplaceNotice replaces the notice that has the given ETag. The error wraps
// [ErrConflict] if another run replaced it first.
func (b *Bucket) ReplaceNotice(ctx context.Context, ref job.Ref, n job.Notice, etag string) (string, error) {
	return b.put(ctx, ref.NoticeKey(), n, ifUnchanged(etag))
}
