package relief

import (
	"math"

	"gen3d/model-image/server/mask"
)

const (
	// fewestCells is the minimum number of cells for a small or thin object, whose
	// cells may shrink down to finestCell.
	fewestCells = 1500
	finestCell  = 0.3
	// padding is the number of empty cells around the object, so that the outline
	// closes and smoothing does not reach the border.
	padding = 3
	// smoothing is the blur of the outline in points of the mask. It removes the
	// staircase of the raster.
	smoothing = 1.3
	// keptAfterSmoothing is the minimum share of the object that smoothing must
	// keep; thin objects are smoothed less.
	keptAfterSmoothing = 0.8
	// keepPart is the minimum size of a separate part, relative to the largest.
	keepPart = 0.05
)

// field is the object on a square grid: positive inside, negative outside, 0 on
// the outline. Node (x, y) lies at originX + x·cell, originY + y·cell in the
// photo. The nodes at the border are always outside.
type field struct {
	width, height    int // in nodes
	originX, originY float64
	cell             float64   // in pixels of the photo
	value            []float32 // -0.5 to 0.5
	up               []float32 // height above the outline's plane in cells; see inflate
	pointCells       float64   // size of a point of the mask in cells
}

// newField returns the field of the mask's object, or nil if the mask is empty.
func newField(m *mask.Mask, s Settings) *field {
	left, top, right, bottom := m.Width, m.Height, -1, -1
	for y := range m.Height {
		for x := range m.Width {
			if m.Cover[y*m.Width+x] >= mask.Inside {
				left, right = min(left, x), max(right, x)
				top, bottom = min(top, y), max(bottom, y)
			}
		}
	}
	if right < 0 {
		return nil
	}
	pointX := float64(m.Rect.Dx()) / float64(m.Width)
	pointY := float64(m.Rect.Dy()) / float64(m.Height)
	wide, high := float64(right-left+1)*pointX, float64(bottom-top+1)*pointY
	covered := float64(m.Count()) * pointX * pointY
	finest := max(finestCell, min(s.FineCell, math.Sqrt(covered/fewestCells)))
	cell := max(math.Sqrt(covered/float64(s.Cells)), max(wide, high)/float64(s.LongestGrid), finest)
	f := &field{
		width:   int(math.Ceil(wide/cell)) + 1 + 2*padding,
		height:  int(math.Ceil(high/cell)) + 1 + 2*padding,
		originX: float64(m.Rect.Min.X) + float64(left)*pointX - padding*cell,
		originY: float64(m.Rect.Min.Y) + float64(top)*pointY - padding*cell,
		cell:    cell,
		// The raster's points are square, up to rounding.
		pointCells: math.Sqrt(pointX*pointY) / cell,
	}
	f.read(m, pointX, pointY, covered)
	f.keepLargeParts()
	return f
}

// read samples the mask at the nodes and smooths it as far as thin parts allow.
func (f *field) read(m *mask.Mask, pointX, pointY, covered float64) {
	raw := make([]float32, f.width*f.height)
	f.sample(m, pointX, pointY, raw, false)
	if float64(count(raw, 0.5)) < keptAfterSmoothing*covered/(f.cell*f.cell) {
		// Parts thinner than a cell can fall between the nodes: widen them to one
		// cell.
		f.sample(m, pointX, pointY, raw, true)
	}
	before := float64(count(raw, 0.5))
	sigma := max(smoothing*f.pointCells, 0.8)
	for ; ; sigma /= 2 {
		f.value = append(f.value[:0], raw...)
		if sigma < 0.3 {
			break
		}
		f.blur(sigma)
		if float64(count(f.value, 0.5)) >= keptAfterSmoothing*before {
			break
		}
	}
	for y := range f.height {
		for x := range f.width {
			v := f.value[y*f.width+x] - 0.5
			if x == 0 || y == 0 || x == f.width-1 || y == f.height-1 {
				v = -0.5
			}
			if v == 0 { // keep the outline off the nodes, so that it crosses edges only
				v = -1e-6
			}
			f.value[y*f.width+x] = v
		}
	}
}

// count returns the number of values at or above a limit.
func count(values []float32, limit float32) int {
	n := 0
	for _, v := range values {
		if v >= limit {
			n++
		}
	}
	return n
}

// sample sets values to the mask's coverage, 0 to 1, at each node. It
// interpolates if the grid is finer than the mask; otherwise it takes the mean
// of the points in a cell, or the maximum if widest is set.
func (f *field) sample(m *mask.Mask, pointX, pointY float64, values []float32, widest bool) {
	cover := func(x, y int) float32 {
		if x < 0 || y < 0 || x >= m.Width || y >= m.Height {
			return 0
		}
		return float32(m.Cover[y*m.Width+x]) / 255
	}
	for y := range f.height {
		py := (f.originY+float64(y)*f.cell-float64(m.Rect.Min.Y))/pointY - 0.5
		for x := range f.width {
			px := (f.originX+float64(x)*f.cell-float64(m.Rect.Min.X))/pointX - 0.5
			reachX, reachY := f.cell/pointX/2, f.cell/pointY/2
			var v float32
			if !widest && max(reachX, reachY) < 1 {
				x0, y0 := math.Floor(px), math.Floor(py)
				tx, ty := float32(px-x0), float32(py-y0)
				i, j := int(x0), int(y0)
				v = (cover(i, j)*(1-tx)+cover(i+1, j)*tx)*(1-ty) + (cover(i, j+1)*(1-tx)+cover(i+1, j+1)*tx)*ty
			} else {
				n := 0
				for j := int(math.Ceil(py - reachY)); float64(j) <= py+reachY; j++ {
					for i := int(math.Ceil(px - reachX)); float64(i) <= px+reachX; i++ {
						if widest {
							v = max(v, cover(i, j))
						} else {
							v += cover(i, j)
						}
						n++
					}
				}
				if !widest && n > 0 {
					v /= float32(n)
				}
			}
			values[y*f.width+x] = v
		}
	}
}

// blur smooths the values with a Gaussian of sigma cells.
func (f *field) blur(sigma float64) {
	radius := int(math.Ceil(3 * sigma))
	kernel := make([]float32, 2*radius+1)
	var sum float32
	for i := range kernel {
		d := float64(i-radius) / sigma
		kernel[i] = float32(math.Exp(-d * d / 2))
		sum += kernel[i]
	}
	for i := range kernel {
		kernel[i] /= sum
	}
	line := make([]float32, max(f.width, f.height))
	pass := func(start, step, n int) {
		for i := range n {
			line[i] = f.value[start+i*step]
		}
		for i := range n {
			var v float32
			for k, weight := range kernel {
				if j := i + k - radius; j >= 0 && j < n {
					v += weight * line[j]
				}
			}
			f.value[start+i*step] = v
		}
	}
	for y := range f.height {
		pass(y*f.width, 1, f.width)
	}
	for x := range f.width {
		pass(x, f.width, f.height)
	}
}

// keepLargeParts removes small parts. Nodes that touch only at a corner are
// separate, as in the triangulation.
func (f *field) keepLargeParts() {
	label := make([]int, len(f.value))
	sizes := []int{0} // label 0: none yet
	var stack []int
	for start, v := range f.value {
		if v < 0 || label[start] != 0 {
			continue
		}
		part := len(sizes)
		sizes = append(sizes, 0)
		label[start] = part
		stack = append(stack, start)
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			sizes[part]++
			for _, j := range [4]int{i - 1, i + 1, i - f.width, i + f.width} { // the border is outside
				if f.value[j] > 0 && label[j] == 0 {
					label[j] = part
					stack = append(stack, j)
				}
			}
		}
	}
	largest := 0
	for _, n := range sizes {
		largest = max(largest, n)
	}
	for i, part := range label {
		if part > 0 && float64(sizes[part]) < keepPart*float64(largest) {
			f.value[i] = -0.5
		}
	}
}

// crossing returns the distance of the outline from an inner node toward an
// outer neighbor, as a share of the cell. It keeps a distance from both nodes,
// where triangles would have no area.
func (f *field) crossing(inner, outer int) float32 {
	t := f.value[inner] / (f.value[inner] - f.value[outer])
	return min(max(t, 0.1), 0.9)
}
