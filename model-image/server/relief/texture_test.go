package relief_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"gen3d/model-image/server/mesh"
)

// texel returns the texture's color at coordinates from 0 to 1.
func texel(m *mesh.Mesh, u, v float64) [3]int {
	b := m.Texture.Picture.Bounds()
	x := min(b.Min.X+int(u*float64(b.Dx())), b.Max.X-1)
	y := min(b.Min.Y+int(v*float64(b.Dy())), b.Max.Y-1)
	red, green, blue, _ := m.Texture.Picture.At(x, y).RGBA()
	return [3]int{int(red >> 8), int(green >> 8), int(blue >> 8)}
}

func near(a [3]int, b [4]uint8, slack int) bool {
	for k := range a {
		if d := a[k] - int(b[k]); d > slack || -d > slack {
			return false
		}
	}
	return true
}

func TestTheTextureShowsThePhotoWhereTheVerticesDo(t *testing.T) {
	m, _ := reconstruct(t, picture(400, 300), shape(400, 300, disc(200, 150, 120)))
	wrong, front := 0, 0
	for i, p := range m.Positions {
		if p[2] <= 0 || math.Abs(float64(p[0])) < 0.03 || math.Abs(float64(p[1])) < 0.03 {
			continue // the back, and the borders between the quarters
		}
		front++
		uv := m.Texture.UV[i]
		if !near(texel(m, float64(uv[0]), float64(uv[1])), m.Colors[i], 6) {
			wrong++
		}
	}
	if front < 1000 || wrong > front/200 {
		t.Errorf("the texture differs from %d of %d vertices of the front", wrong, front)
	}
}

// The photo shows a black background around a white disc; blurred pixels
// between them are within the mask.
func TestTheBackgroundIsNotInTheTexture(t *testing.T) {
	photo := image.NewNRGBA(image.Rect(0, 0, 300, 300))
	for y := range 300 {
		for x := range 300 {
			light := uint8(min(max((101-math.Hypot(float64(x)+0.5-150, float64(y)+0.5-150))*127, 0), 250))
			photo.SetNRGBA(x, y, color.NRGBA{light, light, light, 255})
		}
	}
	m, _ := reconstruct(t, photo, shape(300, 300, disc(150, 150, 101)))
	b := m.Texture.Picture.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			if c := texel(m, (float64(x)+0.5)/float64(b.Dx()), (float64(y)+0.5)/float64(b.Dy())); c[0] < 240 {
				t.Fatalf("texel %d, %d of %v is %v, want white everywhere, in the gaps too", x, y, b, c)
			}
		}
	}
}

func TestTheTextureIsAsSharpAsThePhotoUpToALimit(t *testing.T) {
	for _, c := range []struct{ width, height, most, least int }{{64, 64, 80, 50}, {1500, 1000, 1600, 1400}, {4000, 3000, 2048, 2000}} {
		m, _ := reconstruct(t, picture(c.width, c.height), shape(c.width, c.height, func(_, _ float64) bool { return true }))
		if b := m.Texture.Picture.Bounds(); max(b.Dx(), b.Dy()) > c.most || max(b.Dx(), b.Dy()) < c.least {
			t.Errorf("%d × %d: the texture is %v, want a side of %d to %d", c.width, c.height, b, c.least, c.most)
		}
	}
}

func TestTransparentPixelsAreNotInTheTexture(t *testing.T) {
	photo := picture(200, 200)
	for y := range 200 {
		for x := 90; x < 110; x++ {
			photo.SetNRGBA(x, y, color.NRGBA{0, 0, 0, 0})
		}
	}
	m, _ := reconstruct(t, photo, shape(200, 200, disc(100, 100, 90)))
	b := m.Texture.Picture.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			if c := texel(m, (float64(x)+0.5)/float64(b.Dx()), (float64(y)+0.5)/float64(b.Dy())); c[0]+c[1]+c[2] < 150 {
				t.Fatalf("texel %d, %d is %v, black as no part of the photo that can be seen", x, y, c)
			}
		}
	}
}
