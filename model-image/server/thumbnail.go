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

// A thumbnail has this longest side in pixels and this quality: about 6 KB.
const (
	thumbnailSide    = 192
	thumbnailQuality = 70
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
	draw.BiLinear.Scale(small, small.Rect, photo, photo.Rect, draw.Over, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: thumbnailQuality}); err != nil {
		return nil, fmt.Errorf("encoding the thumbnail: %w", err)
	}
	return out.Bytes(), nil
}
