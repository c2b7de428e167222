package photo_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"testing"

	"gen3d/internal/job"
	"gen3d/internal/photo"
)

// near reports whether two colors are equal within the error of lossy
// compression.
func near(a, b [4]byte) bool {
	for i := range a {
		if d := int(a[i]) - int(b[i]); d < -40 || d > 40 {
			return false
		}
	}
	return true
}

func at(m *image.NRGBA, x, y int) [4]byte { return [4]byte(m.Pix[m.PixOffset(x, y):][:4]) }

func TestDecodeAppliesOrientation(t *testing.T) {
	red, green := [4]byte{255, 0, 0, 255}, [4]byte{0, 255, 0, 255}
	blue, white := [4]byte{0, 0, 255, 255}, [4]byte{255, 255, 255, 255}
	names := []string{"orientation-6.png", "orientation-6-lossy.webp", "orientation-6-lossless.webp", "progressive.jpg", "cmyk.jpg", "palette.png"}
	for o := 1; o <= 8; o++ {
		names = append(names, fmt.Sprintf("orientation-%d.jpg", o))
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			data := load(t, name)
			info, err := probe(data)
			if err != nil {
				t.Fatal(err)
			}
			p, err := photo.Decode(context.Background(), data, info.ContentType, info.Orientation, 1e6)
			if err != nil {
				t.Fatal(err)
			}
			if size := p.Image.Bounds(); size != image.Rect(0, 0, 48, 32) || p.Image.Stride != 4*48 || p.Alpha {
				t.Fatalf("the picture has %v, stride %d, alpha %v", size, p.Image.Stride, p.Alpha)
			}
			got := [4][4]byte{at(p.Image, 10, 6), at(p.Image, 40, 6), at(p.Image, 10, 26), at(p.Image, 40, 26)}
			for i, want := range [4][4]byte{red, green, blue, white} {
				if !near(got[i], want) {
					t.Errorf("the quadrants are %v; want red, green, blue, white", got)
				}
			}
		})
	}
}

func TestDecodeKeepsAlpha(t *testing.T) {
	for _, name := range []string{"alpha.png", "alpha-lossy.webp", "alpha-lossless.webp", "alpha-lossless-exif.webp", "palette-transparent.png"} {
		data := load(t, name)
		info, err := probe(data)
		if err != nil {
			t.Fatal(err)
		}
		p, err := photo.Decode(context.Background(), data, info.ContentType, 6, 1e6)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// Rotated by 90°, the upper right quadrant is the lower right one.
		if !p.Alpha || at(p.Image, 25, 40)[3] != 0 || at(p.Image, 25, 10)[3] != 255 || at(p.Image, 5, 40)[3] != 255 {
			t.Errorf("%s: alpha %v, %v, %v", name, p.Alpha, at(p.Image, 25, 40), at(p.Image, 25, 10))
		}
	}
}

func TestDecodeConvertsDeepAndGrayPictures(t *testing.T) {
	var deep, deepAlpha bytes.Buffer
	m := image.NewNRGBA64(image.Rect(0, 0, 70, 70))
	for i := range m.Pix {
		m.Pix[i] = 0xFF
	}
	copy(m.Pix, []byte{0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC})
	if err := png.Encode(&deep, m); err != nil {
		t.Fatal(err)
	}
	m.Pix[6], m.Pix[7] = 0x80, 0x80
	if err := png.Encode(&deepAlpha, m); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		data  []byte
		first [4]byte
		alpha bool
	}{
		"16 bits":            {deep.Bytes(), [4]byte{0x12, 0x56, 0x9A, 255}, false},
		"16 bits with alpha": {deepAlpha.Bytes(), [4]byte{0x12, 0x56, 0x9A, 0x80}, true},
		"gray 16 bits":       {load(t, "gray16.png"), [4]byte{40000 >> 8, 40000 >> 8, 40000 >> 8, 255}, false},
		"gray":               {load(t, "gray.png"), [4]byte{76, 76, 76, 255}, false},
	} {
		p, err := photo.Decode(context.Background(), test.data, photo.PNG, 1, 1e6)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if at(p.Image, 0, 0) != test.first || p.Alpha != test.alpha {
			t.Errorf("%s: first pixel %v, alpha %v; want %v, %v", name, at(p.Image, 0, 0), p.Alpha, test.first, test.alpha)
		}
	}
}

func TestDecodeRefusesInvalidPhotos(t *testing.T) {
	damaged := load(t, "orientation-6.png")
	damaged[len(damaged)-20] ^= 0xFF // in IDAT, so that its checksum fails
	cut := load(t, "progressive.jpg")
	for name, test := range map[string]struct {
		data        []byte
		contentType string
		code        job.Code
	}{
		"cut":            {cut[:len(cut)-20], photo.JPEG, job.CodeTruncated},
		"damaged":        {damaged, photo.PNG, job.CodeNotAnImage},
		"another type":   {load(t, "palette.png"), photo.JPEG, job.CodeWrongType},
		"a type unknown": {load(t, "palette.png"), "application/pdf", job.CodeWrongType},
		"empty":          {nil, photo.PNG, job.CodeNotAnImage},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := photo.Decode(context.Background(), test.data, test.contentType, 1, 1e6)
			wantCode(t, err, test.code)
		})
	}
}

func BenchmarkDecode12Megapixels(b *testing.B) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420), nil); err != nil {
		b.Fatal(err)
	}
	b.Run("stdlib alone", func(b *testing.B) {
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(file.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, orientation := range []int{1, 3, 6} {
		b.Run(fmt.Sprintf("orientation %d", orientation), func(b *testing.B) {
			for b.Loop() {
				if _, err := photo.Decode(context.Background(), file.Bytes(), photo.JPEG, orientation, 50e6); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
