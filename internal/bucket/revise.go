package bucket

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Limits on the delay before a revision is tried again, which is random.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
)

// revise changes a document that others change as well. change receives the
// stored document, or an empty one if there is none, and reports whether it
// changed it.
//
// The document is written with If-None-Match: * or If-Match, and S3 accepts one
// of the concurrent writes; the others read the document again, until ctx ends.
// Since a conflict means that another change was written, some revision always
// succeeds.
func revise[T any](ctx context.Context, b *Bucket, key string, change func(*T) (changed bool, err error)) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		doc, etag, err := read[T](ctx, b, key)
		limit := ifUnchanged(etag)
		if errors.Is(err, ErrNotFound) {
			doc, limit, err = new(T), ifAbsent, nil
		}
		if err != nil {
			return err
		}
		if changed, err := change(doc); err != nil || !changed {
			return err
		}
		_, err = b.put(ctx, key, doc, limit)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrConflict), errors.Is(err, errOngoing), errors.Is(err, ErrNotFound): // the last if the document was deleted in the meantime
		default:
			return err
		}
		select {
		case <-time.After(rand.N(pause)):
		case <-ctx.Done():
			return fmt.Errorf("revising %s: %w", key, ctx.Err())
		}
	}
}
