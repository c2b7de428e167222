package mask

import "math"

// outline returns values in 0..1 that minimize the sum of fitWeight·fit·value
// and of the differences between neighbors, weighted by their similarity. It
// takes a fixed number of primal-dual steps from a guess. Thresholding the
// result at one half gives the region. Only the points of the band change. The
// dual variables remain in the scene: the next call for it takes fewer steps.
func (s *scene) outline(fit, guess []float32, band []int, steps int) []float32 {
	const step = 0.3535 // τ = σ, with τσ·8 ≤ 1
	w, h := s.width, s.height
	across, down := s.across, s.down
	u := append([]float32(nil), guess...)
	bar := append([]float32(nil), guess...)
	if s.px == nil {
		s.px, s.py = make([]float32, w*h), make([]float32, w*h)
	}
	px, py := s.px, s.py
	first, last := make([]bool, w*h), make([]bool, w*h) // of a row; a division for each step would take as long as the rest
	for i := 0; i < w*h; i += w {
		first[i], last[i+w-1] = true, true
	}
	// The differences to points of the band from the left and from above are
	// stored at the left and upper points.
	sources := grow(band, w, h)
	for range steps {
		for _, i := range sources {
			var gx, gy float32
			if !last[i] {
				gx = bar[i+1] - bar[i]
			}
			if i+w < len(bar) {
				gy = bar[i+w] - bar[i]
			}
			qx, qy := px[i]+step*gx, py[i]+step*gy
			// Project onto the ellipse whose semi-axes are the two edge weights.
			wx, wy := across[i], down[i]
			if n, most := (qx*qx)*(wy*wy)+(qy*qy)*(wx*wx), wx*wx*wy*wy; n > most {
				f := float32(math.Sqrt(float64(most / n)))
				qx, qy = qx*f, qy*f
			}
			px[i], py[i] = qx, qy
		}
		for _, i := range band {
			// In the last column px stays 0, in the last row py.
			div := px[i] + py[i]
			if !first[i] {
				div -= px[i-1]
			}
			if i >= w {
				div -= py[i-w]
			}
			v := min(1, max(0, u[i]+step*(div-fitWeight*fit[i])))
			bar[i] = 2*v - u[i]
			u[i] = v
		}
	}
	return u
}

// resume takes over the dual variables of another scene of the photo. Once they are
// there, the outline takes a third of the steps.
func (s *scene) resume(other *scene) {
	s.px, s.py = other.resample(other.px, s), other.resample(other.py, s)
	for last := s.width - 1; last < len(s.px); last += s.width {
		s.px[last] = 0
	}
	clear(s.py[len(s.py)-s.width:])
}

// all returns the indexes of all points of the scene.
func (s *scene) all() []int {
	points := make([]int, s.width*s.height)
	for i := range points {
		points[i] = i
	}
	return points
}

// band returns the points within reach of the outline, where values cross one
// half, and of the seeds, in ascending order. It sets the values of all other
// points to 0 or 1.
func (s *scene) band(values []float32, reach int, seeds []seed) []int {
	w, h := s.width, s.height
	var points []int
	for i, v := range values {
		in := v >= 0.5
		if (i%w+1 < w && (values[i+1] >= 0.5) != in) || (i+w < len(values) && (values[i+w] >= 0.5) != in) {
			points = append(points, i)
		}
	}
	for _, one := range seeds {
		points = append(points, one.at)
	}
	for range reach {
		points = grow(points, w, h)
	}
	near := make([]bool, len(values))
	for _, i := range points {
		near[i] = true
	}
	for i, v := range values {
		if !near[i] {
			values[i] = 0
			if v >= 0.5 {
				values[i] = 1
			}
		}
	}
	return points
}

// grow returns the points and their neighbors in a w × h raster, in ascending
// order.
func grow(points []int, w, h int) []int {
	mark := make([]bool, w*h)
	for _, i := range points {
		mark[i] = true
		if i%w != 0 {
			mark[i-1] = true
		}
		if (i+1)%w != 0 {
			mark[i+1] = true
		}
		if i >= w {
			mark[i-w] = true
		}
		if i+w < w*h {
			mark[i+w] = true
		}
	}
	var grown []int
	for i, m := range mark {
		if m {
			grown = append(grown, i)
		}
	}
	return grown
}

// edges computes the weights between each pixel and its right and lower
// neighbors: from 1 for equal colors to smoothEdge for the largest differences,
// relative to the average difference in the picture.
func (s *scene) edges() {
	w, h := s.width, s.height
	across, down := make([]float32, w*h), make([]float32, w*h)
	var sum float64
	n := 0
	difference := func(i, j int) float32 {
		a, b := s.colors[i], s.colors[j]
		x, y, z := a[0]-b[0], a[1]-b[1], a[2]-b[2]
		return x*x + y*y + z*z
	}
	for y := range h {
		for x := range w {
			i := y*w + x
			if x+1 < w {
				across[i] = difference(i, i+1)
				sum += float64(across[i])
				n++
			}
			if y+1 < h {
				down[i] = difference(i, i+w)
				sum += float64(down[i])
				n++
			}
		}
	}
	// The minimum prevents sensor noise in a plain picture from being treated as
	// edges.
	falloff := 1 / (2 * max(float32(sum/float64(max(n, 1))), 1))
	for _, weights := range [][]float32{across, down} {
		for i, d := range weights {
			weights[i] = smoothEdge + (1-smoothEdge)*float32(math.Exp(float64(-falloff*d)))
		}
	}
	s.across, s.down = across, down
}
