package photo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"gen3d/internal/job"
)

// Picture is a decoded photo with its orientation applied.
type Picture struct {
	// Image has its origin at 0,0. Its rows are contiguous.
	Image *image.NRGBA
	// Alpha reports whether any pixel is not opaque.
	Alpha bool
}

// Decode decodes the photo that a manifest describes by its content type and
// EXIF orientation (1 to 8; anything else counts as 1). Before it allocates, it
// checks the size in the header against maxPixels and the work of decoding as
// [Info.CheckData] does. Errors wrap a [*job.Failure] if the photo is invalid,
// or are the cause of ctx's end.
//
// Decode returns soon after ctx has ended, and leaves no work running. The
// decoders do not support contexts, but they read the file through a [reader]
// that does. Of the files of package hostile with 50 megapixels, a JPEG or PNG
// took up to 45 ms more and a WebP 1.1 s: package vp8 and the last steps of
// vp8l read nothing, but their work is limited by the picture's size. A
// separate process, which could be killed, would end a WebP sooner, but would
// have to transfer 200 MB per photo.
func Decode(ctx context.Context, data []byte, contentType string, orientation int, maxPixels int64) (*Picture, error) {
	info, err := Probe(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	if info.ContentType != contentType {
		return nil, job.Invalid(job.CodeWrongType, "The photo is a %s file, not %s as it was when it was sent; send it again.", title(info.ContentType), title(contentType))
	}
	limit := job.Limits{MinSide: 1, MaxPixels: maxPixels}
	if err := limit.CheckSize(info.Width, info.Height); err != nil {
		return nil, err
	}
	if err := info.checkWork(data, maxPixels); err != nil {
		return nil, err
	}
	stored, err := decoders[contentType](&reader{ctx: ctx, rest: data})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return nil, truncated()
	}
	var jpegKind jpeg.UnsupportedError
	var pngKind png.UnsupportedError
	if errors.As(err, &jpegKind) || errors.As(err, &pngKind) {
		return nil, fmt.Errorf("%w (%w)", damaged(title(contentType), "its kind is not supported"), err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", damaged(title(contentType), "its data is damaged"), err)
	}
	return shown(ctx, stored, orientation)
}

// checkWork refuses a JPEG whose scans take too much work. It follows the scans
// of every file, whereas CheckData skips files whose first scan has all
// components.
func (i Info) checkWork(data []byte, maxPixels int64) error {
	if i.frame == nil {
		return nil
	}
	err := file{r: bytes.NewReader(data), size: int64(len(data))}.followScans(i, maxPixels)
	if errors.Is(err, errEnds) {
		return truncated()
	}
	return err
}

// reader returns the file's bytes to a decoder until the context ends.
type reader struct {
	ctx  context.Context // of one call of Decode; io.Reader has no parameter for it
	rest []byte
}

// mostRead is how many bytes a decoder gets between two checks of the context:
// about the smallest scan of 50 megapixels. Decoders buffer, so it does not
// slow them.
const mostRead = 64

// Read implements [io.Reader].
func (r *reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), mostRead)], r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

var decoders = map[string]func(io.Reader) (image.Image, error){
	JPEG: jpeg.Decode, PNG: png.Decode, WebP: webp.Decode,
}
