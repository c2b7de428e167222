package main

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"

	"golang.org/x/image/draw"
)

// smallPhoto returns a PNG of 64 × 64 pixels, the smallest that is accepted, so
// that its processing takes little time.
func smallPhoto() ([]byte, error) {
	picture := image.NewRGBA(image.Rect(0, 0, 64, 64))
	draw.Draw(picture, picture.Rect, image.NewUniform(color.RGBA{R: 90, G: 120, B: 200, A: 255}), image.Point{}, draw.Src)
	var out bytes.Buffer
	err := png.Encode(&out, picture)
	return out.Bytes(), err
}

// largePhoto returns coffee.jpg scaled to 12 megapixels.
func largePhoto(folder string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(folder, "coffee.jpg"))
	if err != nil {
		return nil, err
	}
	small, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	large := image.NewRGBA(image.Rect(0, 0, 4000, 3000))
	draw.BiLinear.Scale(large, large.Rect, small, small.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	err = jpeg.Encode(&out, large, &jpeg.Options{Quality: 90})
	return out.Bytes(), err
}
