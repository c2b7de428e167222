package transfer

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"gen3d/internal/weights"
)

const (
	// PartSize is the size of a part, in bytes. A smaller file is a single
	// PutObject.
	PartSize = 8 << 20
	// Parts is the maximum of parts in memory, of all files.
	Parts = 10
	// filesAtOnce is more than one, so that the connections are used also at
	// the end of a file.
	filesAtOnce = 3
)

// Reporter receives the progress of a push. Its methods are called
// concurrently.
type Reporter interface {
	// Stored reports that S3 has n more bytes, or, if n is negative, that as
	// many cannot be used.
	Stored(n int64)
	// Finished reports that a file is verified and in the bucket.
	Finished(File)
}

// Push copies the missing files of the catalog into the bucket, then writes
// weights.json, which does not exist while a file is missing.
func Push(ctx context.Context, client S3, catalog *Catalog, plan *Plan, reporter Reporter) error {
	b := &bucket{s3: client, name: plan.Bucket}
	if plan.Finished() {
		return nil
	}
	if err := b.remove(ctx, weights.RecordKey); err != nil {
		return err
	}
	if err := b.sweepRecords(ctx); err != nil {
		return err
	}
	p := &pusher{bucket: b, reporter: reporter, memory: newMemory()}
	g, group := errgroup.WithContext(ctx)
	g.SetLimit(filesAtOnce)
	for _, item := range plan.Items {
		if item.State == Present {
			continue
		}
		g.Go(func() error {
			if err := group.Err(); err != nil {
				return err
			}
			defer item.remote.Close()
			if err := p.push(group, item); err != nil {
				return err
			}
			reporter.Finished(item.File)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	// A record whose write was canceled when its upload ended can be stored after
	// the upload's records were removed.
	if err := b.sweepRecords(ctx); err != nil {
		return err
	}
	return b.writeRecord(ctx, catalog)
}

// writeRecord writes weights.json, unless another push has changed a file.
func (b *bucket) writeRecord(ctx context.Context, catalog *Catalog) error {
	var changed atomic.Pointer[File]
	err := forEach(ctx, catalog.Files, func(ctx context.Context, f File) error {
		verified, err := b.present(ctx, f)
		if err == nil && !verified {
			changed.Store(&f)
		}
		return err
	})
	if err != nil {
		return err
	}
	if f := changed.Load(); f != nil {
		return fmt.Errorf("%s was changed by another program meanwhile: make sure that no other push runs, and run the same command again", f.Key())
	}
	return b.writeDocument(ctx, weights.RecordKey, catalog.record())
}

// pusher is one run of [Push].
type pusher struct {
	*bucket
	reporter Reporter
	memory   memory
}

// errUnusable is returned for an upload that cannot be resumed: it has ended,
// or its parts are inconsistent.
var errUnusable = errors.New("the upload cannot be resumed")

// attempts is how often a file's upload is started.
const attempts = 3

func (p *pusher) push(ctx context.Context, item Item) error {
	if item.Size <= PartSize {
		return p.putObject(ctx, item.File)
	}
	for range attempts {
		stored, err := p.putMultipart(ctx, item.File, item.upload)
		if !errors.Is(err, errUnusable) {
			return err
		}
		// The bytes of this upload no longer count.
		p.reporter.Stored(-stored)
		item.upload = nil
		verified, err := p.present(ctx, item.File)
		if err != nil {
			return err
		}
		if verified { // by another push
			p.reporter.Stored(item.Size)
			return nil
		}
	}
	return fmt.Errorf("the upload of %s was ended by another program %d times: make sure that no other push runs, and run the same command again", item.Key(), attempts)
}

// memory is the pool of part buffers.
type memory chan []byte

func newMemory() memory {
	m := make(memory, Parts)
	for range Parts {
		m <- nil // allocated at the first use
	}
	return m
}

// take waits for a buffer and returns it with length size, at most PartSize.
func (m memory) take(ctx context.Context, size int64) ([]byte, error) {
	select {
	case buf := <-m:
		if buf == nil {
			buf = make([]byte, PartSize)
		}
		return buf[:size], nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (m memory) put(buf []byte) { m <- buf[:cap(buf)] }
