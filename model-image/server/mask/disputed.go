package mask

import (
	"container/heap"
	"math"
)

// wayEdge is how much longer a way is across the sharpest edge of the photo.
const wayEdge = 50

// without returns what was found without what a seed outside the object disputes:
// the points of the object that are nearer to the seed than to what is certainly the
// object, or else to its middle, on ways that are longer across the photo's edges.
// The mixtures are then learned anew from the rest. So a point takes away a thing of
// many colors as a whole, while what has the colors of the rest comes back. A seed
// disputes nothing beyond its spread: one in a narrow strip is about that strip.
func (s *scene) without(one seed, depth float64, inside []float32) []float32 {
	if depth == 0 {
		return inside
	}
	length := make([]float32, len(inside))
	for i := range length {
		length[i] = math.MaxFloat32
	}
	disputed := make([]bool, len(inside))
	open := wayHeap{{0, int32(one.at)}}
	length[one.at], disputed[one.at] = 0, true
	for _, i := range s.anchors(inside) {
		length[i] = 0
		disputed[i] = false
		open = append(open, way{0, int32(i)})
	}
	for len(open) > 0 { // Dijkstra's algorithm
		w := heap.Pop(&open).(way)
		i := int(w.at)
		if w.length > length[i] {
			continue
		}
		visit := func(j int, weight float32) {
			if l := w.length + 1 + wayEdge*(1-weight); l < length[j] {
				length[j], disputed[j] = l, disputed[i]
				heap.Push(&open, way{l, int32(j)})
			}
		}
		if i%s.width > 0 {
			visit(i-1, s.across[i-1])
		}
		if i%s.width+1 < s.width {
			visit(i+1, s.across[i])
		}
		if i >= s.width {
			visit(i-s.width, s.down[i-s.width])
		}
		if i+s.width < len(inside) {
			visit(i+s.width, s.down[i])
		}
	}
	rest := append([]float32(nil), inside...)
	s.near(one.at, min(spread(depth), float64(s.width+s.height)), func(i int) {
		if disputed[i] {
			rest[i] = 0
		}
	})
	return rest
}

// anchors returns the points that are certainly the object, or else the point of what
// was found that is nearest to the middle of the box.
func (s *scene) anchors(inside []float32) []int {
	var certainly []int
	middle := -1
	for i, v := range inside {
		if s.known[i] > 0 || s.support[i] > certain {
			certainly = append(certainly, i)
		}
		if v >= 0.5 && (middle < 0 || s.place[i] < s.place[middle]) {
			middle = i
		}
	}
	if len(certainly) == 0 && middle >= 0 {
		return []int{middle}
	}
	return certainly
}
