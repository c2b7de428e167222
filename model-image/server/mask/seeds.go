package mask

import (
	"container/heap"
	"image"
	"math"

	"gen3d/internal/job"
)

// Parameters of the user's points, tuned on the photos of the tests.
const (
	seedRadius   = 1.5 // raster points around a point that certainly belong to its side
	seedStrength = 7   // nats in favor of a point's side, next to it; more than fitClip
	seedReach    = 0.3 // way over which the strength falls to 1/e at most, relative to the raster's longest side
	seedSpread   = 3   // the same in raster points, for a point one of them away from the outline
	seedColor    = 9   // difference in 100 × OKLab at which a color differs from that of the point
	seedBarrier  = 50  // how much longer a way is over colors that differ
	seedOpen     = 1   // the same near the point
)

// seed is a point on a raster.
type seed struct {
	at     int
	inside bool
	color  feature // at the photo's resolution, without a position
}

// seeds places the user's points on the scene's raster. Those that are not in the
// scene are left out.
func (s *scene) seeds(photo image.Image, points []job.Point) []seed {
	var seeds []seed
	for _, p := range points {
		if pixelAt(p).In(s.part) {
			x := (2*(p.X-s.part.Min.X) + 1) * s.width / (2 * s.part.Dx())
			y := (2*(p.Y-s.part.Min.Y) + 1) * s.height / (2 * s.part.Dy())
			seeds = append(seeds, seed{y*s.width + x, p.Inside, colorAt(photo, p)})
		}
	}
	return seeds
}

// pixelAt returns the rectangle of a point's pixel.
func pixelAt(p job.Point) image.Rectangle {
	return image.Rect(p.X, p.Y, p.X+1, p.Y+1)
}

// fix makes the seeds certain, and the pixels of the same color next to them.
// Where seeds of both sides are near each other, the later one decides.
func (s *scene) fix(seeds []seed) {
	for _, one := range seeds {
		s.near(one.at, seedRadius, func(i int) {
			if distance(s.colors[i].bare(), one.color) < seedColor*seedColor {
				s.known[i] = one.side()
			}
		})
	}
	for _, one := range seeds {
		s.known[one.at] = one.side()
	}
}

// colorAt returns the mean color of the pixels around a point of the photo, which
// at the scene's resolution may be mixed with that of the other side.
func colorAt(photo image.Image, p job.Point) feature {
	r := image.Rect(p.X-1, p.Y-1, p.X+2, p.Y+2).Intersect(photo.Bounds())
	pixel := Crop(photo, r, 1, 1).Pix
	c := okLab(pixel[0], pixel[1], pixel[2])
	return feature{c[0], c[1], c[2]}
}

// bare returns the feature without its position.
func (f feature) bare() feature { return feature{f[0], f[1], f[2]} }

// side returns 1 for a seed inside the object, and -1 for one outside it.
func (s seed) side() int8 {
	if s.inside {
		return 1
	}
	return -1
}

// near calls visit for each raster point within radius of another.
func (s *scene) near(at int, radius float64, visit func(i int)) {
	r := int(math.Ceil(radius))
	x0, y0 := at%s.width, at/s.width
	for y := max(0, y0-r); y <= min(s.height-1, y0+r); y++ {
		for x := max(0, x0-r); x <= min(s.width-1, x0+r); x++ {
			if math.Hypot(float64(x-x0), float64(y-y0)) <= radius {
				visit(y*s.width + x)
			}
		}
	}
}

// depth returns the distance in raster points from a seed to the nearest point that
// was found on its side. A user points at the middle of what is wrong, so that it is
// the distance to the end of what is wrong.
func (s *scene) depth(one seed, inside []float32) float64 {
	nearest := math.Inf(1)
	for i, v := range inside {
		if (v >= 0.5) == one.inside {
			x, y := float64(i%s.width-one.at%s.width), float64(i/s.width-one.at/s.width)
			nearest = min(nearest, x*x+y*y)
		}
	}
	return math.Sqrt(nearest)
}

// spread returns over how many raster points a seed speaks that is so deep in what
// is wrong.
func spread(depth float64) float64 { return seedSpread * math.Pow(depth, 1.5) }

// reach returns how far the influence of a seed reaches, relative to the raster's
// longest side.
func (s *scene) reach(depth float64) float64 {
	return min(seedReach, spread(max(1, depth))/float64(max(s.width, s.height)))
}

// supportBy adds how strongly a seed speaks for each raster point, in nats:
// positive for the object, negative for its surroundings. Its influence falls
// along the shortest way from the seed, to 1/e over reach; the way is longer over
// colors that differ from that of the seed.
func (s *scene) supportBy(one seed, reach float64) {
	length := make([]float32, len(s.colors))
	for i := range length {
		length[i] = math.MaxFloat32
	}
	length[one.at] = 0
	open := wayHeap{{0, int32(one.at)}}
	side := float64(max(s.width, s.height))
	step := 1 / float32(side)
	// What is as near to the point as the outline, unless its reach has an end before,
	// is wrong like it, in any color: an object, or what is taken for it, may have many.
	near := math.Pow(reach*side/seedSpread, 1/1.5)
	x0, y0 := one.at%s.width, one.at/s.width
	for len(open) > 0 { // Dijkstra's algorithm
		w := heap.Pop(&open).(way)
		i := int(w.at)
		if w.length > length[i] {
			continue
		}
		if w.length > float32(5*reach) { // hardly any influence
			break
		}
		own := float32(one.side()) * float32(seedStrength*math.Exp(-float64(w.length)/reach))
		if s.support[i]*own < 0 { // a seed of the other side
			s.support[i] += own
		} else if s.support[i]*s.support[i] < own*own {
			s.support[i] = own
		}
		visit := func(j int) {
			differs := float32(min(1, distance(s.colors[j].bare(), one.color)/(seedColor*seedColor)))
			barrier := seedBarrier * differs
			if x, y := j%s.width-x0, j/s.width-y0; float64(x*x+y*y) < near*near {
				barrier = min(barrier, seedOpen)
			}
			if l := w.length + step*(1+barrier); l < length[j] {
				length[j] = l
				heap.Push(&open, way{l, int32(j)})
			}
		}
		if i%s.width > 0 {
			visit(i - 1)
		}
		if i%s.width+1 < s.width {
			visit(i + 1)
		}
		if i >= s.width {
			visit(i - s.width)
		}
		if i+s.width < len(s.colors) {
			visit(i + s.width)
		}
	}
}

// way is a raster point with the length of a way to it.
type way struct {
	length float32
	at     int32
}

type wayHeap []way

func (h wayHeap) Len() int           { return len(h) }
func (h wayHeap) Less(i, j int) bool { return h[i].length < h[j].length }
func (h wayHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *wayHeap) Push(x any)        { *h = append(*h, x.(way)) }
func (h *wayHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
