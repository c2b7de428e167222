package mask

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"

	"gen3d/internal/photo"
)

// Decode decodes a mask that a user gave for a picture: a PNG with one 8-bit
// channel, in which [Inside] or more is the object. Its raster covers the whole
// picture, with the values 0 and 255, so that a mask that is scaled up neither
// grows nor shrinks. The caller has checked the header
// and thereby bounded the work; what fails here is the file's data, or ctx has
// ended.
func Decode(ctx context.Context, file []byte, picture image.Rectangle) (*Mask, error) {
	gray, err := photo.DecodeMask(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("decoding a mask: %w", err)
	}
	m := New(picture, gray.Rect.Dx(), gray.Rect.Dy())
	for y := range m.Height {
		for x, v := range gray.Pix[y*gray.Stride : y*gray.Stride+m.Width] {
			if v >= Inside {
				m.Cover[y*m.Width+x] = 255
			}
		}
	}
	return m, nil
}

// Memory returns an upper bound of the bytes that [Decode] allocates for a mask
// of the picture: package png's raster, a second one if it is interlaced, and
// the mask's.
func Memory(picture image.Rectangle) int64 { return 3 * int64(picture.Dx()) * int64(picture.Dy()) }

// Encode returns the mask as a file that [Decode] reads, of the size of the
// displayed picture: 255 in the object, 0 elsewhere.
func (m *Mask) Encode(size image.Point) ([]byte, error) {
	gray := &image.Gray{Pix: m.Raster(size), Stride: size.X, Rect: image.Rectangle{Max: size}}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&out, gray); err != nil {
		return nil, fmt.Errorf("encoding a mask: %w", err)
	}
	return out.Bytes(), nil
}
