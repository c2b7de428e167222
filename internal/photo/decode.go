package photo

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"gen3d/internal/job"
)

// Picture is a photo as shown.
type Picture struct {
	// Image begins at 0,0. Its rows lie one after another without a gap.
	Image *image.NRGBA
	// Alpha reports whether any pixel is not opaque.
	Alpha bool
}

// Decode decodes the photo that a manifest describes by its content type and
// EXIF orientation (1 to 8; anything else counts as 1). Before it allocates, it
// judges the size in the header by maxPixels. Errors wrap a [*job.Failure]: what
// is wrong is the photo.
func Decode(data []byte, contentType string, orientation int, maxPixels int64) (*Picture, error) {
	info, err := Probe(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	if info.ContentType != contentType {
		return nil, job.Invalid(job.CodeWrongType, "The photo is a %s picture, not %s as it was when it was submitted; submit it again.", title(info.ContentType), title(contentType))
	}
	limit := job.Limits{MinSide: 1, MaxPixels: maxPixels}
	if err := limit.CheckSize(info.Width, info.Height); err != nil {
		return nil, err
	}
	stored, err := decoders[contentType](bytes.NewReader(data))
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
	return shown(stored, orientation), nil
}

var decoders = map[string]func(io.Reader) (image.Image, error){
	JPEG: jpeg.Decode, PNG: png.Decode, WebP: webp.Decode,
}
