package objectstore

import (
	"errors"
	"io"

	"github.com/versity/versitygw/s3api/middlewares"
)

// body is a request's body that calls whole after its last byte has been read
// and before the reader gets io.EOF. The gateway reads a body into an unnamed
// file and puts that in the object's place afterwards.
type body struct {
	io.Reader
	whole func() error
	ended bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) && !b.ended {
		b.ended = true
		if failed := b.whole(); failed != nil {
			return n, failed
		}
	}
	return n, err
}

// Algorithm and Checksum return those of a body with a trailing checksum, and
// are empty for any other. The gateway calls them as
// [middlewares.ChecksumReader].
func (b *body) Algorithm() string {
	if carried, ok := b.Reader.(middlewares.ChecksumReader); ok {
		return carried.Algorithm()
	}
	return ""
}

func (b *body) Checksum() string {
	if carried, ok := b.Reader.(middlewares.ChecksumReader); ok {
		return carried.Checksum()
	}
	return ""
}
