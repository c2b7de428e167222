package mask

import "math"

const (
	// keepShare is the least size of a region that is kept, against the largest.
	keepShare = 0.12
	// rounding is the radius to which corners of the outline are rounded, against the side of a square as large as the
	// object.
	rounding = 1.0 / 60
)

// clean makes a segmenter's raw mask one object: the outline is rounded, small regions go, holes close. A hole in a
// photo's region is nearly always a part of the object that looks like its surroundings.
func (m *Mask) clean() {
	m.round(int(math.Round(math.Sqrt(float64(m.Count())) * rounding)))
	labels, sizes := m.regions(true)
	largest := 0
	for _, n := range sizes {
		largest = max(largest, n)
	}
	for i, l := range labels {
		if l >= 0 && float64(sizes[l]) < keepShare*float64(largest) {
			m.Cover[i] = 0
		}
	}
	labels, sizes = m.regions(false)
	open := make([]bool, len(sizes))
	mark := func(i int) {
		if labels[i] >= 0 {
			open[labels[i]] = true
		}
	}
	for x := range m.Width {
		mark(x)
		mark((m.Height-1)*m.Width + x)
	}
	for y := range m.Height {
		mark(y * m.Width)
		mark(y*m.Width + m.Width - 1)
	}
	for i, l := range labels {
		if l >= 0 && !open[l] {
			m.Cover[i] = 255
		}
	}
}

// round blurs the raster twice over windows of 2·radius+1 points, beyond whose edges it goes on as at them. That rounds
// the outline and takes bits off it that are thinner than the window.
func (m *Mask) round(radius int) {
	line := make([]int, max(m.Width, m.Height))
	pass := func(start, step, n int) {
		for i := range n {
			line[i] = int(m.Cover[start+i*step])
		}
		at := func(i int) int { return line[min(max(i, 0), n-1)] }
		sum := 0
		for i := -radius; i < radius; i++ {
			sum += at(i)
		}
		for i := range n {
			sum += at(i + radius)
			m.Cover[start+i*step] = uint8((sum + radius) / (2*radius + 1))
			sum -= at(i - radius)
		}
	}
	for range 2 {
		for y := range m.Height {
			pass(y*m.Width, 1, m.Width)
		}
		for x := range m.Width {
			pass(x, m.Width, m.Height)
		}
	}
}

// regions numbers the connected regions of the points inside, or of those outside. Each point has its region's number,
// or -1 where it is on the other side; sizes count the points of each region. Neighbors share a side.
func (m *Mask) regions(inside bool) (labels []int, sizes []int) {
	labels = make([]int, len(m.Cover))
	for i := range labels {
		labels[i] = -1
	}
	var stack []int
	for start := range m.Cover {
		if labels[start] >= 0 || (m.Cover[start] >= Inside) != inside {
			continue
		}
		label := len(sizes)
		sizes = append(sizes, 0)
		labels[start] = label
		stack = append(stack[:0], start)
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			sizes[label]++
			visit := func(j int) {
				if labels[j] < 0 && (m.Cover[j] >= Inside) == inside {
					labels[j] = label
					stack = append(stack, j)
				}
			}
			x := i % m.Width
			if x > 0 {
				visit(i - 1)
			}
			if x+1 < m.Width {
				visit(i + 1)
			}
			if i >= m.Width {
				visit(i - m.Width)
			}
			if i+m.Width < len(m.Cover) {
				visit(i + m.Width)
			}
		}
	}
	return labels, sizes
}
