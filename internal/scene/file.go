package scene

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// File is a scene's file. It consists of sections, which are read one after the
// other.
type File struct {
	sections []section
	size     int64
}

// section is a part of a file.
type section struct {
	size int64
	// open opens the section from an offset, which is less than its size, for
	// reading.
	open func(ctx context.Context, offset int64) (io.ReadCloser, error)
}

// Size returns the file's size in bytes.
func (f *File) Size() int64 { return f.size }

func (f *File) add(s section) {
	if s.size > 0 {
		f.sections = append(f.sections, s)
		f.size += s.size
	}
}

// addBytes adds bytes that are in memory.
func (f *File) addBytes(b []byte) {
	f.add(section{int64(len(b)), func(_ context.Context, offset int64) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(b[offset:])), nil
	}})
}

// addPart adds a part of an object's file.
func (f *File) addPart(o Object, start, size int64) {
	f.add(section{size, func(ctx context.Context, offset int64) (io.ReadCloser, error) {
		r, err := o.File.Open(ctx, start+offset, size-offset)
		if err != nil {
			return nil, o.wrap(err)
		}
		return r, nil
	}})
}

// Open returns a reader of the file. Its reads fail once ctx is done. The caller
// closes it.
func (f *File) Open(ctx context.Context) *Reader { return &Reader{ctx: ctx, file: f} }

// Reader reads a scene's file. It is not safe for concurrent use.
type Reader struct {
	ctx      context.Context
	file     *File
	position int64
	open     io.ReadCloser // nil at the end of a section and after a seek
	left     int64         // bytes of the open section
}

// Read implements [io.Reader].
func (r *Reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if r.open == nil {
		if err := r.openSection(); err != nil {
			return 0, err
		}
	}
	n, err := r.open.Read(p[:min(int64(len(p)), r.left)])
	r.position += int64(n)
	if r.left -= int64(n); r.left == 0 {
		return n, r.Close()
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// openSection opens the section at the position.
func (r *Reader) openSection() (err error) {
	offset := r.position
	for _, s := range r.file.sections {
		if offset < s.size {
			r.left = s.size - offset
			r.open, err = s.open(r.ctx, offset)
			return err
		}
		offset -= s.size
	}
	return io.EOF
}

// Seek implements [io.Seeker].
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.position
	case io.SeekEnd:
		offset += r.file.size
	}
	if offset < 0 {
		return 0, fmt.Errorf("seeking to %d in a scene", offset)
	}
	if offset != r.position {
		if err := r.Close(); err != nil {
			return 0, err
		}
		r.position = offset
	}
	return offset, nil
}

// Close closes the object's file that is being read.
func (r *Reader) Close() error {
	if r.open == nil {
		return nil
	}
	err := r.open.Close()
	r.open = nil
	return err
}

// readPart reads a part of an object's file into memory.
func readPart(ctx context.Context, file Source, offset, count int64) ([]byte, error) {
	r, err := file.Open(ctx, offset, count)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	data := make([]byte, count)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, fmt.Errorf("reading %d bytes at %d: %w", count, offset, err)
	}
	return data, nil
}
