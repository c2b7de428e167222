package mask_test

import (
	"image"
	"image/draw"
	"math"
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
	least  float64 // overlap with the box and two points
	alone  float64 // the same without the box; 0 if it is not measured
}

// truths returns the photos of testdata on which the true mask of an object is
// known: outlines of coins, a badge and a saucer, which were measured by hand as
// ellipses, and a cut-out with its own alpha channel, pasted onto other photos.
func truths(t testing.TB) []truth {
	t.Helper()
	var all []truth
	traced := func(name, file string, region func(x, y float64) bool) {
		p := photo(t, file)
		one := truth{name, p, make([]bool, p.Bounds().Dx()*p.Bounds().Dy()), 0.03, 0.9, 0}
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
	const figure, badge, saucer, portrait, coins = 0, 2, 3, 6, 7
	for _, i := range []int{figure, portrait, coins} {
		all[i].alone = 0.9
	}
	for _, i := range []int{figure, badge, saucer, portrait} {
		loose := all[i]
		loose.name, loose.room, loose.alone = loose.name+", loose box", 0.15, 0
		all = append(all, loose)
	}
	// Variants of the model were compared on these too.
	pasted("small cat on fur", "cat.jpg", 110, image.Pt(150, 30))
	pasted("large cat on fur", "cat.jpg", 220, image.Pt(60, 60))
	all[len(all)-1].least = 0.85 // about the half of the outline has fur of the same color on both sides
	loose := func(name, file string, width int, at image.Point, room float64) {
		pasted(name, file, width, at)
		all[len(all)-1].room = room
	}
	loose("cat on fur, loose box", "cat.jpg", 150, image.Pt(200, 100), 0.1)
	all[len(all)-1].least = 0.8
	loose("cat low on a portrait, loose box", "astronaut.jpg", 220, image.Pt(60, 280), 0.15)
	loose("cat high on a table, loose box", "coffee.jpg", 250, image.Pt(150, 60), 0.15)
	looser := all[figure]
	looser.name, looser.room, looser.alone = "coin with a figure, very loose box", 0.3, 0
	return append(all, looser)
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
	return truth{name, out, object, 0.03, 0.9, 0}
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

// rate returns the overlaps with the box and up to two points, each set after the
// mask without it was seen.
func (tr truth) rate(t testing.TB, box *image.Rectangle) (overlaps []float64) {
	t.Helper()
	var points []job.Point
	if box == nil {
		points = append(points, tr.click(make([]bool, len(tr.object))))
	}
	for {
		got := tr.found(t, box, points)
		overlaps = append(overlaps, iou(got, tr.object))
		if len(points) == 2 {
			return overlaps
		}
		points = append(points, tr.click(got))
	}
}

// docs/benchmarks.md has the figures that this test logs.
func TestPointsImproveTheMask(t *testing.T) {
	for _, tr := range truths(t) {
		t.Run(tr.name, func(t *testing.T) {
			box := tr.box()
			got := tr.rate(t, &box)
			t.Logf("| %s | %.3f | %.3f | %.3f |", tr.name, got[0], got[1], got[2])
			if got[0] == 0 {
				t.Error("nothing is found in the box")
			}
			if got[2] <= got[0] {
				t.Errorf("two points change the overlap from %.4f to %.4f", got[0], got[2])
			}
			if got[1] < got[0]-0.005 || got[2] < got[1]-0.005 {
				t.Errorf("a point makes the mask worse: %.4f", got)
			}
			if got[2] < tr.least {
				t.Errorf("the overlap with two points is %.3f, want %.2f", got[2], tr.least)
			}
		})
	}
}

func TestPointsFindAnObjectWithoutABox(t *testing.T) {
	for _, tr := range truths(t) {
		if tr.alone == 0 {
			continue
		}
		t.Run(tr.name, func(t *testing.T) {
			got := tr.rate(t, nil)
			t.Logf("| %s | %.3f | %.3f |", tr.name, got[0], got[1])
			if min(got[0], got[1]) < tr.alone {
				t.Errorf("the overlaps with one and two points and no box are %.3f, want %.2f", got, tr.alone)
			}
		})
	}
}
