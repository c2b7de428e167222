package mask_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"
	"testing"

	"gen3d/internal/job"
	"gen3d/model-image/server/mask"
)

// truth is a photo with an object whose mask is known.
type truth struct {
	name   string
	photo  image.Image
	object []bool  // of each pixel of the photo
	room   float64 // around the object in its box, relative to the object's longest side
}

// truths returns the photos of testdata on which the true mask of an object is
// known: outlines of coins, a badge and a saucer, which were measured by hand as
// ellipses, and a cut-out with its own alpha channel, pasted onto other photos.
func truths(t testing.TB) []truth {
	t.Helper()
	var all []truth
	traced := func(name, file string, region func(x, y float64) bool) {
		p := photo(t, file)
		one := truth{name, p, make([]bool, p.Bounds().Dx()*p.Bounds().Dy()), 0.03}
		for i := range one.object {
			one.object[i] = region(float64(i%p.Bounds().Dx())+0.5, float64(i/p.Bounds().Dx())+0.5)
		}
		all = append(all, one)
	}
	traced("coin with a figure", "coins.png", ellipse(334.8, 44.1, 29.7, 28.1))
	traced("coin with a face", "coins.png", ellipse(212.8, 193.4, 23.8, 23.4))
	traced("badge", "astronaut.jpg", ellipse(171.7, 386.2, 37.2, 38))
	traced("saucer and cup", "coffee.jpg", func(x, y float64) bool {
		return ellipse(279, 224, 202, 161)(x, y) || ellipse(291, 113, 118, 95)(x, y)
	})
	pasted := func(name, file string, width int, at image.Point) {
		all = append(all, paste(name, photo(t, file), photo(t, "cat-cutout.png"), width, at))
	}
	pasted("cat on a table", "coffee.jpg", 320, image.Pt(250, 120))
	pasted("small cat on a table", "coffee.jpg", 130, image.Pt(450, 20))
	pasted("cat on a portrait", "astronaut.jpg", 260, image.Pt(20, 200))
	pasted("cat on coins", "coins.png", 200, image.Pt(90, 60))
	pasted("cat on fur", "cat.jpg", 160, image.Pt(20, 120))
	for _, i := range []int{0, 2, 3, 5, 6} {
		loose := all[i]
		loose.name, loose.room = "… in a loose box: "+loose.name, 0.3
		all = append(all, loose)
	}
	return all
}

// ellipse returns the region within an ellipse.
func ellipse(cx, cy, rx, ry float64) func(x, y float64) bool {
	return func(x, y float64) bool { return math.Hypot((x-cx)/rx, (y-cy)/ry) < 1 }
}

// paste puts a cut-out, scaled to a width, onto a photo.
func paste(name string, onto, cutout image.Image, width int, at image.Point) truth {
	b := cutout.Bounds()
	height := b.Dy() * width / b.Dx()
	scaled := mask.Crop(cutout, b, width, height)
	out := image.NewNRGBA(onto.Bounds())
	draw.Draw(out, out.Rect, onto, out.Rect.Min, draw.Src)
	draw.Draw(out, image.Rectangle{Min: at, Max: at.Add(image.Pt(width, height))}, scaled, image.Point{}, draw.Over)
	object := make([]bool, out.Rect.Dx()*out.Rect.Dy())
	for y := range height {
		for x := range width {
			if p := at.Add(image.Pt(x, y)); p.In(out.Rect) && scaled.NRGBAAt(x, y).A >= mask.Inside {
				object[p.Y*out.Rect.Dx()+p.X] = true
			}
		}
	}
	return truth{name, out, object, 0.03}
}

// box returns the box that a user would draw: around the object, with a little
// room.
func (tr truth) box() image.Rectangle {
	w := tr.photo.Bounds().Dx()
	var r image.Rectangle
	for i, in := range tr.object {
		if in {
			r = r.Union(image.Rect(i%w, i/w, i%w+1, i/w+1))
		}
	}
	return r.Inset(-max(2, int(tr.room*float64(max(r.Dx(), r.Dy()))))).Intersect(tr.photo.Bounds())
}

// iou returns the intersection of two masks over their union.
func iou(a, b []bool) float64 {
	both, either := 0, 0
	for i := range a {
		if a[i] && b[i] {
			both++
		}
		if a[i] || b[i] {
			either++
		}
	}
	return float64(both) / float64(max(either, 1))
}

// found returns the mask that the color model finds, of each pixel.
func (tr truth) found(t testing.TB, box *image.Rectangle, points []job.Point) []bool {
	t.Helper()
	m, _, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(t.Context(), tr.photo, mask.Object{Index: 1, Box: box, Points: points})
	if _, ok := job.AsFailure(err); ok { // nothing was found
		return make([]bool, len(tr.object))
	}
	if err != nil {
		t.Fatalf("%s with %d points: %v", tr.name, len(points), err)
	}
	raster := m.Raster(tr.photo.Bounds().Size())
	out := make([]bool, len(raster))
	for i, v := range raster {
		out[i] = v != 0
	}
	return out
}

// click returns the point that a user would set next, as in the evaluation of
// interactive segmentation: in the middle of the largest region that is wrong,
// where the distance to its outline is largest.
func (tr truth) click(got []bool) job.Point {
	w, h := tr.photo.Bounds().Dx(), tr.photo.Bounds().Dy()
	wrong := make([]int, len(got)) // 1: missing, -1: too much, 0: right
	for i := range got {
		switch {
		case tr.object[i] && !got[i]:
			wrong[i] = 1
		case !tr.object[i] && got[i]:
			wrong[i] = -1
		}
	}
	var largest []int
	seen := make([]bool, len(got))
	for start := range wrong {
		if wrong[start] == 0 || seen[start] {
			continue
		}
		seen[start] = true
		region := []int{start}
		for k := 0; k < len(region); k++ {
			x, y := region[k]%w, region[k]/w
			for _, n := range [][2]int{{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}} {
				if n[0] < 0 || n[1] < 0 || n[0] >= w || n[1] >= h {
					continue
				}
				if i := n[1]*w + n[0]; wrong[i] == wrong[start] && !seen[i] {
					seen[i] = true
					region = append(region, i)
				}
			}
		}
		if len(region) > len(largest) {
			largest = region
		}
	}
	// Peel the region; the pixels of the last layer are in its middle.
	in := map[int]bool{}
	for _, i := range largest {
		in[i] = true
	}
	layer := largest
	for {
		var rest []int
		for _, i := range layer {
			x, y := i%w, i/w
			if x > 0 && y > 0 && x < w-1 && y < h-1 && in[i-1] && in[i+1] && in[i-w] && in[i+w] {
				rest = append(rest, i)
			}
		}
		if len(rest) == 0 {
			break
		}
		clear(in)
		for _, i := range rest {
			in[i] = true
		}
		layer = rest
	}
	i := layer[len(layer)/2]
	return job.Point{X: i % w, Y: i / w, Inside: wrong[i] == 1}
}

// TestPointsImproveTheMask holds the figures of docs/benchmarks.md.
func TestPointsImproveTheMask(t *testing.T) {
	for _, tr := range truths(t) {
		t.Run(tr.name, func(t *testing.T) {
			box := tr.box()
			var points []job.Point
			var got []float64
			for range 4 {
				m := tr.found(t, &box, points)
				got = append(got, iou(m, tr.object))
				points = append(points, tr.click(m))
			}
			var free []job.Point
			var alone []float64
			m := make([]bool, len(tr.object))
			for range 4 {
				free = append(free, tr.click(m))
				m = tr.found(t, nil, free)
				alone = append(alone, iou(m, tr.object))
			}
			t.Logf("%.3f %v", alone, free)
			t.Logf("| %s | %.3f | %.3f | %.3f | %.3f | %v", tr.name, got[0], got[1], got[2], got[3], points)
			if !slices.IsSorted(got[:3]) || got[2] < 0.9 {
				t.Errorf("the overlap is %.3f", got)
			}
		})
	}
}

var _ = color.White

func TestScan(t *testing.T) {
	all := truths(t)
	for _, c := range [][4]float64{{0.1, 9, 8, 7}, {0.2, 9, 8, 7}, {0.2, 9, 16, 7}, {0.2, 7, 16, 7}, {0.3, 7, 20, 7}, {0.15, 6, 12, 7}, {0.2, 9, 16, 10}, {0.4, 9, 30, 7}, {0.3, 12, 20, 7}} {
		mask.Set(c[0], c[1], c[2], c[3])
		var sum, free [3]float64
		text, ftext := "", ""
		for _, tr := range all {
			box := tr.box()
			var points []job.Point
			for k := range 3 {
				m := tr.found(t, &box, points)
				v := iou(m, tr.object)
				sum[k] += v / float64(len(all))
				text += fmt.Sprintf("%.2f ", v)
				points = append(points, tr.click(m))
			}
			text += "| "
			if tr.room > 0.1 {
				continue
			}
			points = nil
			m := make([]bool, len(tr.object))
			for k := range 3 {
				points = append(points, tr.click(m))
				m = tr.found(t, nil, points)
				v := iou(m, tr.object)
				free[k] += v / 9
				ftext += fmt.Sprintf("%.2f ", v)
			}
			ftext += "| "
		}
		t.Logf("%v box %.3f free %.3f\n%s\n%s", c, sum, free, text, ftext)
	}
}
