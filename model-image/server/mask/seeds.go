package mask

import (
	"container/heap"
	"image"
	"math"

	"gen3d/internal/job"
)

// Parameters of the user's points.
var (
	seedRadius   = 1.5 // raster points around a point that certainly belong to its side
	seedStrength = 7.0 // nats in favor of a point's side, next to it; more than fitClip
	seedReach    = 0.1 // way over which the strength falls to 1/e, relative to the raster's longest side
	seedColor    = 9.0 // difference in 100 × OKLab at which a color differs from that of the point
	seedBarrier  = 8.0 // how much longer a way is over colors that differ
)

// seed is a point on a raster.
type seed struct {
	at     int
	inside bool
	color  feature // at the photo's resolution, without a position
}

// fix places the user's points on the scene's raster and makes the pixels of the
// same color next to them certain. Points that are not in the scene are left out.
// Where points of both sides are near each other, the later one decides.
func (s *scene) fix(photo image.Image, points []job.Point, around image.Rectangle) []seed {
	var seeds []seed
	for _, p := range points {
		if !image.Pt(p.X, p.Y).In(around) {
			continue
		}
		x := (2*(p.X-around.Min.X) + 1) * s.width / (2 * around.Dx())
		y := (2*(p.Y-around.Min.Y) + 1) * s.height / (2 * around.Dy())
		one := seed{y*s.width + x, p.Inside, colorAt(photo, p)}
		seeds = append(seeds, one)
		s.near(one.at, seedRadius, func(i int) {
			if distance(s.colors[i].bare(), one.color) < float32(seedColor*seedColor) {
				s.known[i] = one.side()
			}
		})
	}
	for _, one := range seeds {
		s.known[one.at] = one.side()
	}
	return seeds
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

// supportOf returns how strongly the seeds speak for each raster point, in nats:
// positive for the object, negative for its surroundings. Their influence falls
// along the shortest way from a seed, which is longer over colors that differ
// from that around the seed.
func (s *scene) supportOf(seeds []seed) []float32 {
	support := make([]float32, len(s.colors))
	if len(seeds) == 0 {
		return support
	}
	for _, inside := range []bool{true, false} {
		sign := -float32(seedStrength)
		if inside {
			sign = float32(seedStrength)
		}
		for i, d := range s.ways(seeds, inside) {
			support[i] += sign * float32(math.Exp(-float64(d)/seedReach))
		}
	}
	return support
}

// ways returns the length of the shortest way from a seed of a side to each
// raster point, by Dijkstra's algorithm.
func (s *scene) ways(seeds []seed, inside bool) []float32 {
	length := make([]float32, len(s.colors))
	from := make([]int32, len(s.colors)) // the seed at the start
	for i := range length {
		length[i] = math.MaxFloat32
	}
	var open wayHeap
	for k, seed := range seeds {
		if seed.inside != inside {
			continue
		}
		length[seed.at], from[seed.at] = 0, int32(k)
		open = append(open, way{0, int32(seed.at)})
	}
	heap.Init(&open)
	step := 1 / float32(max(s.width, s.height))
	for len(open) > 0 {
		w := heap.Pop(&open).(way)
		i := int(w.at)
		if w.length > length[i] {
			continue
		}
		if w.length > float32(6*seedReach) {
			break
		}
		k := from[i]
		visit := func(j int) {
			differs := min(1, distance(s.colors[j].bare(), seeds[k].color)/float32(seedColor*seedColor))
			if l := w.length + step*(1+float32(seedBarrier)*differs); l < length[j] {
				length[j], from[j] = l, k
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
	return length
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
