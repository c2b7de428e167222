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
	// PartSize is a part of an upload, in bytes. A smaller file is put at once.
	PartSize = 8 << 20
	// Parts is how many are in memory at once, over all files.
	Parts = 10
	// filesAtOnce is more than one, so that the end of one file and the start of
	// another keep the lines busy.
	filesAtOnce = 3
)

// Reporter is told how a push goes. Its methods are called from several goroutines.
type Reporter interface {
	// Stored says that S3 has taken n more bytes, or, with a negative n, that as many
	// turned out not to be of use.
	Stored(n int64)
	// Finished says that a file lies verified under its key.
	Finished(File)
}

// Push makes the bucket what the catalog says, and leaves weights.json there, which is
// not there while anything is missing.
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
	return b.seal(ctx, catalog)
}

// seal writes weights.json, unless another push of other versions has come between.
func (b *bucket) seal(ctx context.Context, catalog *Catalog) error {
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
		return fmt.Errorf("%s was changed by somebody else meanwhile: see that no other push runs, and run the same command again", f.Key())
	}
	return b.writeDocument(ctx, weights.RecordKey, catalog.record())
}

// pusher is one run of [Push].
type pusher struct {
	*bucket
	reporter Reporter
	memory   memory
}

// errUnusable says that an upload cannot be gone on with: it has ended, or what it
// holds does not fit together.
var errUnusable = errors.New("the upload cannot be gone on with")

// attempts bounds how often a file is begun anew.
const attempts = 3

func (p *pusher) push(ctx context.Context, item Item) error {
	if item.Size <= PartSize {
		return p.putAtOnce(ctx, item.File)
	}
	for range attempts {
		stored, err := p.putInParts(ctx, item.File, item.upload)
		if !errors.Is(err, errUnusable) {
			return err
		}
		// What this run or an earlier one has stored of it counts no longer.
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
	return fmt.Errorf("the upload of %s was ended by somebody else %d times: see that no other push runs, and run the same command again", item.Key(), attempts)
}

// memory is the room for parts, which is all that a push needs much of.
type memory chan []byte

func newMemory() memory {
	m := make(memory, Parts)
	for range Parts {
		m <- nil // made when it is first used
	}
	return m
}

// take waits for room for size bytes, at most a part.
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

func (m memory) give(buf []byte) { m <- buf[:cap(buf)] }
