package extract

import (
	"context"
	"fmt"
	"io"

	"gen3d/internal/bucket"
)

// Bytes of a photo that one request reads: enough for the header of nearly
// every photo, and more with each sequential request.
const (
	leastFetch = 64 << 10
	mostFetch  = 4 << 20
)

// ranges implements [io.ReaderAt] for a stored photo by ranged requests. It
// buffers the latest range. It is not safe for concurrent use.
type ranges struct {
	ctx    context.Context // of the event that it serves; ReadAt has no parameter for it
	bucket *bucket.Bucket
	photo  *bucket.Photo

	part   []byte
	offset int64 // the offset of part
	fetch  int64 // size of the latest request in bytes
}

func newRanges(ctx context.Context, b *bucket.Bucket, p *bucket.Photo) *ranges {
	return &ranges{ctx: ctx, bucket: b, photo: p}
}

// ReadAt implements [io.ReaderAt].
func (r *ranges) ReadAt(p []byte, offset int64) (n int, err error) {
	for n < len(p) {
		at := offset + int64(n)
		if at >= r.photo.Bytes {
			return n, io.EOF
		}
		if at < r.offset || at >= r.offset+int64(len(r.part)) {
			if err := r.load(at, int64(len(p)-n)); err != nil {
				return n, err
			}
		}
		n += copy(p[n:], r.part[at-r.offset:])
	}
	return n, nil
}

// load reads the range that begins at offset.
func (r *ranges) load(offset, wanted int64) error {
	end := r.offset + int64(len(r.part))
	if r.part != nil && offset >= end && offset < end+leastFetch {
		r.fetch = min(2*r.fetch, mostFetch)
	} else {
		r.fetch = leastFetch
	}
	count := min(max(r.fetch, wanted), r.photo.Bytes-offset)
	body, err := r.bucket.OpenPhoto(r.ctx, r.photo.Key, r.photo.VersionID, offset, count)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	part := make([]byte, count)
	if n, err := io.ReadFull(body, part); err != nil {
		// Not wrapped: io.ErrUnexpectedEOF from a broken connection
		// must not be taken for the end of the photo.
		return fmt.Errorf("reading %s: got %d of %d bytes at offset %d: %s", r.photo.Key, n, count, offset, err.Error())
	}
	r.part, r.offset = part, offset
	return nil
}
