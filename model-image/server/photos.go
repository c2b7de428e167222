package server

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"gen3d/internal/job"
	"gen3d/internal/photo"
)

// photoIdle is how long a photo, or that it cannot be read, is cached after its
// last use. The objects of a job follow each other closely.
const photoIdle = time.Minute

// photoKey identifies one stored version of a photo.
type photoKey struct{ bucket, key, version, etag string }

func keyOf(from job.Source) photoKey {
	return photoKey{bucket: from.Bucket, key: from.Key, version: from.VersionID, etag: from.ETag}
}

// id returns an [Input.PhotoID].
func (k photoKey) id() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q", k.bucket, k.key, k.version, k.etag))
	return hex.EncodeToString(sum[:16])
}

// photos caches decoded photos, so that the objects of a job share them, and
// that a photo cannot be decoded, so that it is tried once for all of them.
// Concurrent requests for a photo load it once.
type photos struct {
	maxBytes int64

	mu      sync.Mutex
	bytes   int64 // of the loaded entries
	entries map[photoKey]*photoEntry
	recent  *list.List // loaded entries, most recently used first
}

type photoEntry struct {
	key     photoKey
	done    chan struct{}  // closed when picture or err is set
	picture *photo.Picture // nil if err is not
	err     error

	waiters int
	cancel  context.CancelFunc
	element *list.Element
	expiry  *time.Timer
}

func newPhotos(maxBytes int64) *photos {
	return &photos{maxBytes: maxBytes, entries: map[photoKey]*photoEntry{}, recent: list.New()}
}

// get returns the cached photo, or calls load. The context of load is canceled
// when no caller waits any longer. Of errors only those of [unreadable] photos
// are cached.
func (p *photos) get(ctx context.Context, key photoKey, load func(context.Context) (*photo.Picture, error)) (*photo.Picture, error) {
	p.mu.Lock()
	e := p.entries[key]
	switch {
	case e == nil:
		e = &photoEntry{key: key, done: make(chan struct{})}
		var loading context.Context
		loading, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
		p.entries[key] = e
		go p.load(loading, e, load)
	case e.element != nil:
		p.recent.MoveToFront(e.element)
		e.expiry.Reset(photoIdle)
		p.mu.Unlock()
		return e.picture, e.err
	}
	e.waiters++
	p.mu.Unlock()

	select {
	case <-e.done:
		return e.picture, e.err
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.waiters--; e.waiters == 0 {
		select {
		case <-e.done:
		default: // no caller waits any longer
			e.cancel()
			p.remove(e)
		}
	}
	return nil, context.Cause(ctx)
}

func (p *photos) load(ctx context.Context, e *photoEntry, load func(context.Context) (*photo.Picture, error)) {
	defer e.cancel()
	picture, err := load(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	defer close(e.done)
	e.picture, e.err = picture, err
	if err != nil && !unreadable(err) || p.entries[e.key] != e {
		p.remove(e)
		return
	}
	e.element = p.recent.PushFront(e)
	e.expiry = time.AfterFunc(photoIdle, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.remove(e)
	})
	p.bytes += size(picture)
	for p.bytes > p.maxBytes && p.recent.Len() > 0 {
		p.remove(p.recent.Back().Value.(*photoEntry))
	}
}

// unreadable reports whether another attempt to load the photo would fail as
// well. A photo that is gone may be there again under the same key.
func unreadable(err error) bool {
	failure, ok := job.AsFailure(err)
	var crash *panicError
	return ok && failure.Code != job.CodePhotoGone || errors.As(err, &crash)
}

// remove deletes the entry; callers that have its picture may keep it. The
// caller must hold p.mu.
func (p *photos) remove(e *photoEntry) {
	if p.entries[e.key] == e {
		delete(p.entries, e.key)
	}
	if e.element != nil {
		p.recent.Remove(e.element)
		e.element = nil
		e.expiry.Stop()
		p.bytes -= size(e.picture)
	}
}

func size(picture *photo.Picture) int64 {
	if picture == nil {
		return 0
	}
	return int64(len(picture.Image.Pix))
}
