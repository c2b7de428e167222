package mask

import "math"

const (
	// keepShare is the minimum size of a region to keep, relative to the largest.
	keepShare = 0.12
	// rounding is the radius to which corners of the outline are rounded, relative
	// to the side of a square with the area of the object.
	rounding = 1.0 / 60
)

// clean turns a segmenter's raw mask into one object: it rounds the outline,
// removes small regions and fills holes, except for those with a seed of their
// side. A hole is nearly always a part of the object that looks like its
// surroundings.
func (m *Mask) clean(seeds []seed) {
	m.smooth(int(math.Round(math.Sqrt(float64(m.Count())) * rounding)))
	labels, sizes := m.regions(true)
	largest := 0
	for _, n := range sizes {
		largest = max(largest, n)
	}
	kept := make([]bool, len(sizes))
	for l, n := range sizes {
		kept[l] = float64(n) >= keepShare*float64(largest)
	}
	for _, one := range seeds {
		if l := labels[one.at]; one.inside && l >= 0 {
			kept[l] = true
		}
	}
	for i, l := range labels {
		if l >= 0 && !kept[l] {
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
	for _, one := range seeds {
		if !one.inside {
			mark(one.at)
		}
	}
	for i, l := range labels {
		if l >= 0 && !open[l] {
			m.Cover[i] = 255
		}
	}
}

// smooth applies a box blur of 2·radius+1 points twice, with edge values
// repeated beyond the edges. It rounds the outline and removes details thinner
// than the window.
func (m *Mask) smooth(radius int) {
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

// regions labels the 4-connected regions of the points inside or outside the
// object. labels has the label of each point, or -1 on the other side; sizes
// has the number of points of each region.
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
