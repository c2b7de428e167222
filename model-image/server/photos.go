package server

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"

	"gen3d/internal/photo"
)

// photoIdle is how long a decoded photo is kept after its last use. The objects
// of a job follow one another closely.
const photoIdle = time.Minute

// photoKey names one stored version of a photo.
type photoKey struct{ bucket, key, version, etag string }

// photos shares decoded photos between the objects of a job: each is loaded once
// however many ask for it, and kept for a while within a bound of bytes.
type photos struct {
	most int64

	mu      sync.Mutex
	held    int64
	entries map[photoKey]*photoEntry
	recent  *list.List // loaded entries, the last used first
}

type photoEntry struct {
	key     photoKey
	done    chan struct{} // closed when picture or err is set
	picture *photo.Picture
	err     error

	waiters int
	cancel  context.CancelFunc
	element *list.Element
	expiry  *time.Timer
}

func newPhotos(most int64) *photos {
	return &photos{most: most, entries: map[photoKey]*photoEntry{}, recent: list.New()}
}

// get returns the photo, or loads it. load's context lasts as long as anyone
// waits for it; a failed load is not remembered.
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
		return e.picture, nil
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
		default: // nobody wants it any more
			e.cancel()
			p.forget(e)
		}
	}
	return nil, context.Cause(ctx)
}

func (p *photos) load(ctx context.Context, e *photoEntry, load func(context.Context) (*photo.Picture, error)) {
	defer e.cancel()
	picture, err := protect(ctx, load)
	p.mu.Lock()
	defer p.mu.Unlock()
	defer close(e.done)
	e.picture, e.err = picture, err
	if err != nil || p.entries[e.key] != e {
		p.forget(e)
		return
	}
	e.element = p.recent.PushFront(e)
	e.expiry = time.AfterFunc(photoIdle, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.forget(e)
	})
	p.held += size(picture)
	for p.held > p.most && p.recent.Len() > 0 {
		p.forget(p.recent.Back().Value.(*photoEntry))
	}
}

// protect turns a panic over a photo, whose bytes are foreign, into an error.
func protect(ctx context.Context, load func(context.Context) (*photo.Picture, error)) (picture *photo.Picture, err error) {
	defer func() {
		if p := recover(); p != nil {
			picture, err = nil, fmt.Errorf("decoding the photo panicked: %v", p)
		}
	}()
	return load(ctx)
}

// forget drops the entry; whoever has its picture keeps it. The lock is held.
func (p *photos) forget(e *photoEntry) {
	if p.entries[e.key] == e {
		delete(p.entries, e.key)
	}
	if e.element != nil {
		p.recent.Remove(e.element)
		e.element = nil
		e.expiry.Stop()
		p.held -= size(e.picture)
	}
}

func size(picture *photo.Picture) int64 { return int64(len(picture.Image.Pix)) }
