package relief

import "gen3d/model-image/server/mesh"

const (
	// frontDepth and backDepth scale the inflated heights. Without them a disc
	// would become a ball, with the photo stretched along its sides.
	frontDepth = 0.46
	backDepth  = 0.30
	// block is the width in cells of the coarse squares of the back, which has
	// little detail.
	block = 4
	// blockError is the maximum distance, in cells, of such a square from the
	// inflated height.
	blockError = 0.12
)

// builder builds the mesh in grid units: x to the right, y up from the grid's
// first row, z toward the viewer.
type builder struct {
	*field
	colors *colors
	out    *mesh.Mesh
	// Vertices of nodes, and of the grid edges to the right of and below nodes; -1
	// if none exists yet.
	front, back, right, down []int32
}

// build triangulates the front and the back, which share the outline. Every
// inner node has a vertex on the front and one on the back, and every crossing
// of the outline with a grid edge has one vertex for both. Triangle edges join
// two outline vertices only along the outline, so each edge has exactly two
// triangles.
func build(f *field, c *colors) *mesh.Mesh {
	b := &builder{field: f, colors: c, out: &mesh.Mesh{}}
	for _, index := range []*[]int32{&b.front, &b.back, &b.right, &b.down} {
		*index = make([]int32, len(f.value))
		for i := range *index {
			(*index)[i] = -1
		}
	}
	coarse := b.coarseBlocks()
	across := (f.width - 1 + block - 1) / block
	for y := range f.height - 1 {
		for x := range f.width - 1 {
			b.cell(x, y, true)
			if !coarse[y/block*across+x/block] {
				b.cell(x, y, false)
			}
		}
	}
	for at, is := range coarse {
		if is {
			b.square(at%across, at/across, across, coarse)
		}
	}
	return b.out
}

// cell triangulates the inner part of one cell, on the front or the back.
func (b *builder) cell(x, y int, front bool) {
	i := y*b.width + x
	// Counterclockwise when seen from the front, with y up.
	corners := [4]int{i, i + b.width, i + b.width + 1, i + 1}
	inner := 0
	for k, c := range corners {
		if b.value[c] > 0 {
			inner |= 1 << k
		}
	}
	node := func(k int) int32 { return b.node(corners[k%4], front) }
	edge := func(k int) int32 { return b.crossingVertex(corners[k%4], corners[(k+1)%4]) }
	switch inner {
	case 0:
	case 1, 2, 4, 8:
		k := map[int]int{1: 0, 2: 1, 4: 2, 8: 3}[inner]
		b.triangle(front, edge(k+3), node(k), edge(k))
	case 5, 10: // opposite corners: two separate parts
		k := inner/5 - 1
		b.triangle(front, edge(k+3), node(k), edge(k))
		b.triangle(front, edge(k+1), node(k+2), edge(k+2))
	case 3, 6, 12, 9:
		k := map[int]int{3: 0, 6: 1, 12: 2, 9: 3}[inner] // nodes k and k+1
		b.triangle(front, node(k), node(k+1), edge(k+1))
		b.triangle(front, node(k), edge(k+1), edge(k+3))
	case 14, 13, 11, 7:
		k := map[int]int{14: 2, 13: 3, 11: 0, 7: 1}[inner] // the node opposite the missing corner
		b.triangle(front, node(k), node(k+1), edge(k+1))
		b.triangle(front, node(k), edge(k+1), edge(k+2))
		b.triangle(front, node(k), edge(k+2), node(k+3))
	case 15:
		b.quad(front, [4]int32{node(0), node(1), node(2), node(3)}, corners)
	}
}

// quad adds two triangles that share the diagonal along which the height
// changes least.
func (b *builder) quad(front bool, v [4]int32, corners [4]int) {
	one := b.up[corners[0]] - b.up[corners[2]]
	other := b.up[corners[1]] - b.up[corners[3]]
	if one*one <= other*other {
		b.triangle(front, v[0], v[1], v[2])
		b.triangle(front, v[0], v[2], v[3])
		return
	}
	b.triangle(front, v[1], v[2], v[3])
	b.triangle(front, v[1], v[3], v[0])
}

// triangle adds a triangle, given counterclockwise when seen from the front.
func (b *builder) triangle(front bool, v0, v1, v2 int32) {
	if !front {
		v1, v2 = v2, v1
	}
	b.out.Triangles = append(b.out.Triangles, [3]uint32{uint32(v0), uint32(v1), uint32(v2)})
}

// node returns the vertex of an inner node on the front or the back, adding it
// if needed.
func (b *builder) node(i int, front bool) int32 {
	index, depth, colors := &b.front[i], float32(frontDepth), b.colors.front
	if !front {
		index, depth, colors = &b.back[i], -backDepth, b.colors.back
	}
	if *index < 0 {
		*index = b.vertex(float32(i%b.width), float32(i/b.width), b.up[i]*depth, colors[i])
	}
	return *index
}

// crossingVertex returns the vertex where the outline crosses the edge between
// two neighboring nodes, one of which is inside. It adds the vertex if needed.
func (b *builder) crossingVertex(i, j int) int32 {
	index := &b.right[min(i, j)]
	if i-j == b.width || j-i == b.width {
		index = &b.down[min(i, j)]
	}
	if *index >= 0 {
		return *index
	}
	if b.value[i] < 0 {
		i, j = j, i
	}
	t := b.crossing(i, j)
	x := float32(i%b.width)*(1-t) + float32(j%b.width)*t
	y := float32(i/b.width)*(1-t) + float32(j/b.width)*t
	*index = b.vertex(x, y, 0, b.colors.front[i])
	return *index
}

// vertex adds a vertex at grid coordinates, y down, and a height in cells, and
// returns its index.
func (b *builder) vertex(x, y, z float32, color [3]float32) int32 {
	b.out.Positions = append(b.out.Positions, mesh.Vec3{x, -y, z})
	b.out.Colors = append(b.out.Colors, [4]uint8{clip(color[0]), clip(color[1]), clip(color[2]), 255})
	return int32(len(b.out.Positions) - 1)
}

// clip rounds a color value and clips it to 8 bits.
func clip(v float32) uint8 {
	return uint8(min(max(v+0.5, 0), 255))
}

// coarseBlocks returns which blocks of cells are inside and level enough for a
// coarse square of the back.
func (b *builder) coarseBlocks() []bool {
	across := (b.width - 1 + block - 1) / block
	down := (b.height - 1 + block - 1) / block
	coarse := make([]bool, across*down)
	for by := range down {
		for bx := range across {
			coarse[by*across+bx] = (bx+1)*block < b.width && (by+1)*block < b.height && b.level(bx*block, by*block)
		}
	}
	return coarse
}

// level reports whether the block that starts at a node is inside and close to
// the surface spanned by its corners.
func (b *builder) level(x0, y0 int) bool {
	at := func(x, y int) float32 { return b.up[(y0+y)*b.width+x0+x] }
	for y := range block + 1 {
		for x := range block + 1 {
			if b.value[(y0+y)*b.width+x0+x] < 0 {
				return false
			}
			tx, ty := float32(x)/block, float32(y)/block
			span := (at(0, 0)*(1-tx)+at(block, 0)*tx)*(1-ty) + (at(0, block)*(1-tx)+at(block, block)*tx)*ty
			if d := span - at(x, y); d > blockError || d < -blockError {
				return false
			}
		}
	}
	return true
}

// square triangulates a coarse block of the back. A side shared with a block
// that is not coarse has all nodes of that block, to avoid cracks; the square
// is then a fan around its middle node.
func (b *builder) square(bx, by, across int, coarse []bool) {
	x0, y0 := bx*block, by*block
	down := len(coarse) / across
	isCoarse := func(x, y int) bool {
		return x >= 0 && y >= 0 && x < across && y < down && coarse[y*across+x]
	}
	var rim []int // nodes, counterclockwise when seen from the front
	side := func(x, y, dx, dy int, whole bool) {
		for k := range block {
			if k == 0 || !whole {
				rim = append(rim, (y+k*dy)*b.width+x+k*dx)
			}
		}
	}
	side(x0, y0, 0, 1, isCoarse(bx-1, by))
	side(x0, y0+block, 1, 0, isCoarse(bx, by+1))
	side(x0+block, y0+block, 0, -1, isCoarse(bx+1, by))
	side(x0+block, y0, -1, 0, isCoarse(bx, by-1))
	if len(rim) == 4 {
		b.quad(false, [4]int32{b.node(rim[0], false), b.node(rim[1], false), b.node(rim[2], false), b.node(rim[3], false)}, [4]int(rim))
		return
	}
	middle := b.node((y0+block/2)*b.width+x0+block/2, false)
	for k, i := range rim {
		b.triangle(false, middle, b.node(i, false), b.node(rim[(k+1)%len(rim)], false))
	}
}
