package mask_test

import (
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg"
	_ "image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/model-image/server/mask"
)

// photo decodes a picture of testdata/photos.
func photo(t testing.TB, name string) image.Image {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "testdata", "photos", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, _, err := image.Decode(f)
	if err != nil {
		t.Fatalf("decoding %s: %v", name, err)
	}
	return p
}

// overlap returns the intersection over union of a mask and a region of the
// picture.
func overlap(m *mask.Mask, bounds image.Rectangle, region func(x, y float64) bool) float64 {
	both, either := 0, 0
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			in := false
			if p := image.Pt(x, y); p.In(m.Rect) {
				mx := (x - m.Rect.Min.X) * m.Width / m.Rect.Dx()
				my := (y - m.Rect.Min.Y) * m.Height / m.Rect.Dy()
				in = m.Cover[my*m.Width+mx] >= mask.Inside
			}
			want := region(float64(x)+0.5, float64(y)+0.5)
			if in && want {
				both++
			}
			if in || want {
				either++
			}
		}
	}
	return float64(both) / float64(either)
}

// disc returns the region within r of a point.
func disc(cx, cy, r float64) func(x, y float64) bool {
	return func(x, y float64) bool { return math.Hypot(x-cx, y-cy) < r }
}

// drawn returns a noisy picture with one color in the region and another around
// it.
func drawn(width, height int, in, out color.NRGBA, noise int, region func(x, y float64) bool) *image.NRGBA {
	rng := rand.New(rand.NewPCG(7, 7))
	p := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := out
			if region(float64(x)+0.5, float64(y)+0.5) {
				c = in
			}
			shift := func(v uint8) uint8 { return uint8(min(max(int(v)+rng.IntN(2*noise+1)-noise, 0), 255)) }
			p.SetNRGBA(x, y, color.NRGBA{shift(c.R), shift(c.G), shift(c.B), 255})
		}
	}
	return p
}

func TestColorModelFindsAnObject(t *testing.T) {
	in, out := color.NRGBA{190, 60, 40, 255}, color.NRGBA{70, 110, 80, 255}
	region := disc(200, 150, 70)
	box := image.Rect(120, 70, 280, 230)
	p := drawn(400, 300, in, out, 30, region)
	rgba := image.NewRGBA(p.Bounds())
	draw.Draw(rgba, rgba.Bounds(), p, image.Point{}, draw.Src)
	gray := image.NewGray(p.Bounds())
	draw.Draw(gray, gray.Bounds(), drawn(400, 300, color.NRGBA{200, 200, 200, 255}, color.NRGBA{90, 90, 90, 255}, 25, region), image.Point{}, draw.Src)
	ycbcr := image.NewYCbCr(p.Bounds(), image.YCbCrSubsampleRatio420)
	for y := range 300 {
		for x := range 400 {
			c := p.NRGBAAt(x, y)
			ycbcr.Y[ycbcr.YOffset(x, y)], ycbcr.Cb[ycbcr.COffset(x, y)], ycbcr.Cr[ycbcr.COffset(x, y)] = color.RGBToYCbCr(c.R, c.G, c.B)
		}
	}
	for name, picture := range map[string]image.Image{
		"NRGBA": p, "RGBA": rgba, "gray": gray, "YCbCr": ycbcr, "another type": struct{ image.Image }{p},
	} {
		t.Run(name, func(t *testing.T) {
			m, _, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(t.Context(), picture, mask.Object{Index: 1, Box: &box})
			if err != nil {
				t.Fatal(err)
			}
			if got := overlap(m, p.Bounds(), region); got < 0.95 {
				t.Errorf("the mask overlaps the object by %.3f, want 0.95", got)
			}
		})
	}
}

func TestColorModelWithPictureOffset(t *testing.T) {
	whole := drawn(400, 300, color.NRGBA{190, 60, 40, 255}, color.NRGBA{70, 110, 80, 255}, 10, disc(200, 150, 70))
	part := whole.SubImage(image.Rect(90, 40, 320, 260))
	box := image.Rect(120, 70, 280, 230)
	m, _, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(t.Context(), part, mask.Object{Index: 1, Box: &box})
	if err != nil {
		t.Fatal(err)
	}
	if got := overlap(m, part.Bounds(), disc(200, 150, 70)); got < 0.95 {
		t.Errorf("the mask overlaps the object by %.3f, want 0.95", got)
	}
}

func TestColorModelFillsHolesAndRemovesSpecks(t *testing.T) {
	region := func(x, y float64) bool {
		ring := math.Hypot(x-200, y-150)
		return ring < 70 && ring > 20 || disc(130, 85, 6)(x, y)
	}
	p := drawn(400, 300, color.NRGBA{190, 60, 40, 255}, color.NRGBA{70, 110, 80, 255}, 10, region)
	box := image.Rect(120, 70, 280, 230)
	m, _, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(t.Context(), p, mask.Object{Index: 1, Box: &box})
	if err != nil {
		t.Fatal(err)
	}
	if got := overlap(m, p.Bounds(), disc(200, 150, 70)); got < 0.95 {
		t.Errorf("the mask overlaps the filled disc by %.3f, want 0.95", got)
	}
}

func TestColorModelFindsNoObjectInAPlainPicture(t *testing.T) {
	gray := color.NRGBA{128, 128, 128, 255}
	box := image.Rect(100, 80, 300, 220)
	for name, noise := range map[string]int{"plain": 0, "noise": 12} {
		for size, object := range map[string]mask.Object{"box": {Index: 2, Box: &box}, "whole picture": {Index: 1}} {
			t.Run(name+" "+size, func(t *testing.T) {
				p := drawn(400, 300, gray, gray, noise, disc(0, 0, 0))
				_, _, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(t.Context(), p, object)
				wantCode(t, err, job.CodeNoObject, "No object stands out")
			})
		}
	}
}

func TestColorModelWithAnObjectThatFillsTheBox(t *testing.T) {
	object := image.Rect(100, 80, 300, 220)
	region := func(x, y float64) bool { return image.Pt(int(x), int(y)).In(object) }
	p := drawn(400, 300, color.NRGBA{190, 60, 40, 255}, color.NRGBA{70, 110, 80, 255}, 10, region)
	m, _, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(t.Context(), p, mask.Object{Index: 1, Box: &object})
	if err != nil {
		t.Fatal(err)
	}
	if got := overlap(m, p.Bounds(), region); got < 0.99 {
		t.Errorf("the mask overlaps the box by %.3f, want 0.99", got)
	}
}

func TestColorModelOnRealPhotos(t *testing.T) {
	cases := map[string]struct {
		file   string
		box    image.Rectangle
		region func(x, y float64) bool // measured by hand
		least  float64
	}{
		"coin":         {"coins.png", image.Rect(302, 8, 372, 76), disc(336.5, 43, 30.5), 0.86},
		"another coin": {"coins.png", image.Rect(188, 165, 242, 220), disc(213, 193, 23.5), 0.88},
		"saucer": {"coffee.jpg", image.Rect(70, 10, 488, 392), func(x, y float64) bool {
			// The saucer's ellipse and the cup's upper rim.
			sx, sy := (x-279)/202, (y-224)/161
			cx, cy := (x-291)/118, (y-113)/95
			return sx*sx+sy*sy < 1 || cx*cx+cy*cy < 1
		}, 0.85},
		"patch": {"astronaut.jpg", image.Rect(128, 343, 214, 430), disc(172, 386.5, 39), 0.88},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p := photo(t, c.file)
			m, _, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(t.Context(), p, mask.Object{Index: 1, Box: &c.box})
			if err != nil {
				t.Fatal(err)
			}
			if got := overlap(m, p.Bounds(), c.region); got < c.least {
				t.Errorf("the mask overlaps the object by %.3f, want %.2f", got, c.least)
			}
			for y := range m.Height {
				for x := range m.Width {
					px := m.Rect.Min.X + (2*x+1)*m.Rect.Dx()/(2*m.Width)
					py := m.Rect.Min.Y + (2*y+1)*m.Rect.Dy()/(2*m.Height)
					if m.Cover[y*m.Width+x] >= mask.Inside && !image.Pt(px, py).In(c.box.Inset(-2)) {
						t.Fatalf("point %d,%d of the mask lies outside the box", px, py)
					}
				}
			}
		})
	}
}

func TestColorModelInTheBoxOfACutOut(t *testing.T) {
	p := photo(t, "cat-cutout.png")
	box := p.Bounds()
	m, use, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(t.Context(), p, mask.Object{Index: 1, Box: &box})
	if err != nil || use.Source != job.MaskSegmenter {
		t.Fatalf("Find: %+v, %v", use, err)
	}
	visible := func(x, y float64) bool {
		_, _, _, a := p.At(int(x), int(y)).RGBA()
		return a >= mask.Inside*257
	}
	if got := overlap(m, p.Bounds(), visible); got < 0.97 {
		t.Errorf("the mask overlaps the cut-out by %.3f, want 0.97", got)
	}
	raster := m.Raster(p.Bounds().Size())
	for i, v := range raster {
		if x, y := i%p.Bounds().Dx(), i/p.Bounds().Dx(); v != 0 && !visible(float64(x), float64(y)) {
			t.Fatalf("the transparent pixel %d,%d belongs to the mask", x, y)
		}
	}
}

func TestColorModelHonorsEveryPoint(t *testing.T) {
	p := photo(t, "coffee.jpg")
	box := image.Rect(70, 10, 488, 392)
	points := []job.Point{{X: 300, Y: 150}, {X: 50, Y: 380, Inside: true}, {X: 279, Y: 300, Inside: true}, {X: 281, Y: 301}, {X: 599, Y: 399}}
	m, _, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(t.Context(), p, mask.Object{Index: 1, Box: &box, Points: points})
	if err != nil {
		t.Fatal(err)
	}
	raster := m.Raster(p.Bounds().Size())
	for _, point := range points {
		if got := raster[point.Y*600+point.X] != 0; got != point.Inside {
			t.Errorf("the mask holds the point %+v: %v", point, got)
		}
	}
}

// The outline of a large photo is that of its pixels, not of a coarser raster.
func TestColorModelFollowsTheEdgeOfALargePhoto(t *testing.T) {
	region := disc(1500, 1200, 800)
	p := drawn(3000, 2400, color.NRGBA{190, 60, 40, 255}, color.NRGBA{70, 110, 80, 255}, 10, region)
	box := image.Rect(650, 350, 2350, 2050)
	m, _, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(t.Context(), p, mask.Object{Index: 1, Box: &box})
	if err != nil {
		t.Fatal(err)
	}
	if got := overlap(m, p.Bounds(), region); got < 0.998 {
		t.Errorf("the mask overlaps the disc by %.4f, want 0.998", got)
	}
}

func TestColorModelIsDeterministic(t *testing.T) {
	p := photo(t, "coffee.jpg")
	first, err := mask.ColorModel{}.Segment(t.Context(), p, mask.Prompt{Box: image.Rect(75, 15, 482, 390), Boxed: true})
	if err != nil {
		t.Fatal(err)
	}
	second, err := mask.ColorModel{}.Segment(t.Context(), p, mask.Prompt{Box: image.Rect(75, 15, 482, 390), Boxed: true})
	if err != nil {
		t.Fatal(err)
	}
	if string(first.Cover) != string(second.Cover) {
		t.Error("two runs on the same box differ")
	}
}

func TestColorModelAcceptsTheSmallestBoxes(t *testing.T) {
	p := drawn(64, 64, color.NRGBA{250, 250, 30, 255}, color.NRGBA{20, 20, 90, 255}, 5, disc(32, 32, 4))
	for _, box := range []image.Rectangle{image.Rect(28, 28, 36, 36), image.Rect(0, 28, 64, 36), image.Rect(31, 31, 32, 32)} {
		m, _, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(t.Context(), p, mask.Object{Index: 1, Box: &box})
		if _, users := job.AsFailure(err); err != nil && !users {
			t.Errorf("box %v: %v", box, err)
		}
		if err == nil && m.Validate() != nil {
			t.Errorf("box %v: %v", box, m.Validate())
		}
	}
}

func TestColorModelStopsWhenCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(ctx, photo(t, "coffee.jpg"), mask.Object{Index: 1})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want context.Canceled", err)
	}
}

// processor returns the time that the process has spent on cores.
func processor() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkColorModel finds an object in a photo of 12 megapixels.
func BenchmarkColorModel(b *testing.B) {
	large := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	small := photo(b, "coffee.jpg")
	for y := range 3000 {
		for x := range 4000 {
			r, g, bl, _ := small.At(x*small.Bounds().Dx()/4000, y*small.Bounds().Dy()/3000).RGBA()
			large.Y[large.YOffset(x, y)], large.Cb[large.COffset(x, y)], large.Cr[large.COffset(x, y)] = color.RGBToYCbCr(uint8(r>>8), uint8(g>>8), uint8(bl>>8))
		}
	}
	box := image.Rect(500, 110, 3210, 2925)
	points := []job.Point{{X: 1900, Y: 1500, Inside: true}, {X: 3100, Y: 2700}}
	for name, prompt := range map[string]mask.Prompt{
		"box":        {Box: box, Boxed: true},
		"box, point": {Box: box, Boxed: true, Points: points[:1]},
		"box, two":   {Box: box, Boxed: true, Points: points},
		"two points": {Box: large.Bounds(), Points: points},
	} {
		b.Run(name, func(b *testing.B) {
			before := processor()
			for b.Loop() {
				if _, err := (mask.ColorModel{}).Segment(b.Context(), large, prompt); err != nil {
					b.Fatal(err)
				}
			}
			// Time on a core, which other work on the machine hardly changes.
			b.ReportMetric(float64((processor()-before).Milliseconds())/float64(b.N), "core-ms/op")
		})
	}
}
