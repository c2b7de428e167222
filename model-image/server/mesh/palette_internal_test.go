package mesh

import (
	"image"
	"image/color"
	"math"
	"testing"
)

// The refinement of the palette is what lets a preview have few colors.
func TestAPaletteKeepsTheColorsOfASmoothPicture(t *testing.T) {
	const side = 128
	picture := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			shade := math.Hypot(float64(x-side/3), float64(y-side/3)) / side
			picture.SetNRGBA(x, y, color.NRGBA{R: uint8(230 - 150*shade), G: uint8(200 - 170*shade), B: uint8(60 + 90*shade), A: uint8(min(255, 4*y))})
		}
	}
	reduced := withPalette(picture, 32)
	if n := len(reduced.Palette); n > 32 {
		t.Fatalf("the picture has %d colors, want at most 32", n)
	}
	var squares float64
	for i := range reduced.Pix {
		got, want := color.RGBAModel.Convert(reduced.Palette[reduced.Pix[i]]).(color.RGBA), color.RGBAModel.Convert(picture.NRGBAAt(i%side, i/side)).(color.RGBA)
		for _, pair := range [][2]uint8{{got.R, want.R}, {got.G, want.G}, {got.B, want.B}, {got.A, want.A}} {
			d := float64(pair[0]) - float64(pair[1])
			squares += d * d
		}
	}
	if psnr := 10 * math.Log10(255*255/(squares/float64(4*len(reduced.Pix)))); psnr < 33.5 {
		t.Errorf("the picture is kept at %.1f dB, want 33.5", psnr)
	}
}
