package server

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"

	"golang.org/x/image/draw"
)

// A thumbnail has this longest side in pixels and this quality: about 5 KB.
const (
	thumbnailSide    = 192
	thumbnailQuality = 60
)

// putThumbnail writes the small picture of the photo with the job's first object,
// while the backend works on it: nothing else decodes the photo. It returns a
// function that waits for the end. A job is complete without a thumbnail, so an
// error is only logged.
func (s *Server) putThumbnail(ctx context.Context, w *work, photo *image.NRGBA) (wait func()) {
	if w.object.Index != w.manifest.Objects[0].Index {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		data, err := thumbnail(photo)
		if err == nil {
			err = s.bucket.PutThumbnail(ctx, w.manifest.Ref(), data)
		}
		if err != nil {
			w.log.WarnContext(ctx, "the thumbnail could not be written", "error", err.Error())
		}
	}()
	return func() { <-done }
}

// thumbnail returns a JPEG of the photo, on white where it is transparent.
func thumbnail(photo *image.NRGBA) ([]byte, error) {
	size := photo.Rect.Size()
	longest := max(size.X, size.Y)
	side := min(longest, thumbnailSide)
	small := image.NewRGBA(image.Rect(0, 0, max(1, size.X*side/longest), max(1, size.Y*side/longest)))
	draw.Draw(small, small.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	coarse := averaged(photo, max(1, min(longest/(2*thumbnailSide), size.X, size.Y)))
	draw.BiLinear.Scale(small, small.Rect, coarse, coarse.Rect, draw.Over, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: thumbnailQuality}); err != nil {
		return nil, fmt.Errorf("encoding the thumbnail: %w", err)
	}
	return out.Bytes(), nil
}

// averaged returns the photo with the mean of each square of step by step pixels
// as one; the last row and column may be cut off. The scaler alone needs
// three times as long for a photo of 12 megapixels.
func averaged(photo *image.NRGBA, step int) *image.NRGBA {
	if step == 1 {
		return photo
	}
	size := photo.Rect.Size().Div(step)
	coarse := image.NewNRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			var sum [3]uint64 // of the channels times the alphas
			var alpha uint64
			for dy := range step {
				at := photo.PixOffset(photo.Rect.Min.X+x*step, photo.Rect.Min.Y+y*step+dy)
				row := photo.Pix[at : at+4*step]
				for i := 0; i < len(row); i += 4 {
					a := uint64(row[i+3])
					sum[0] += uint64(row[i]) * a
					sum[1] += uint64(row[i+1]) * a
					sum[2] += uint64(row[i+2]) * a
					alpha += a
				}
			}
			if alpha == 0 {
				continue
			}
			pixel := coarse.Pix[coarse.PixOffset(x, y):]
			for k := range sum {
				pixel[k] = uint8(sum[k] / alpha)
			}
			pixel[3] = uint8(alpha / uint64(step*step))
		}
	}
	return coarse
}
