package mesh_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gen3d/model-image/server/mesh"
)

// box returns a closed box centered on the origin, red in the upper half and
// blue in the lower.
func box(width, height, depth float32) *mesh.Mesh {
	m := &mesh.Mesh{}
	for i := range 8 {
		corner := mesh.Vec3{-width / 2, -height / 2, -depth / 2}
		color := [4]uint8{20, 40, 220, 255}
		if i&1 != 0 {
			corner[0] = -corner[0]
		}
		if i&2 != 0 {
			corner[1] = -corner[1]
			color = [4]uint8{220, 40, 20, 255}
		}
		if i&4 != 0 {
			corner[2] = -corner[2]
		}
		m.Positions = append(m.Positions, corner)
		m.Colors = append(m.Colors, color)
	}
	for _, q := range [][4]uint32{{4, 5, 7, 6}, {1, 0, 2, 3}, {5, 1, 3, 7}, {0, 4, 6, 2}, {6, 7, 3, 2}, {0, 1, 5, 4}} {
		m.Triangles = append(m.Triangles, [3]uint32{q[0], q[1], q[2]}, [3]uint32{q[0], q[2], q[3]})
	}
	return m
}

func TestCheckClosedAcceptsAClosedMesh(t *testing.T) {
	m := box(2, 3, 4)
	if err := m.CheckClosed(); err != nil {
		t.Error(err)
	}
	if v := m.Volume(); math.Abs(v-24) > 1e-6 {
		t.Errorf("volume is %v, want 24", v)
	}
}

func TestCheckClosedErrors(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(m *mesh.Mesh)
		words string
	}{
		"missing triangle": {func(m *mesh.Mesh) { m.Triangles = m.Triangles[1:] }, "is open"},
		"flipped triangle": {func(m *mesh.Mesh) { m.Triangles[3][0], m.Triangles[3][1] = m.Triangles[3][1], m.Triangles[3][0] }, "same direction"},
		"repeated vertex":  {func(m *mesh.Mesh) { m.Triangles[3][0] = m.Triangles[3][1] }, "twice"},
		"no area":          {func(m *mesh.Mesh) { m.Positions[0] = m.Positions[1] }, "no area"},
		"unused vertex": {func(m *mesh.Mesh) {
			m.Positions, m.Colors = append(m.Positions, mesh.Vec3{9, 9, 9}), append(m.Colors, [4]uint8{})
		}, "belongs to no triangle"},
		"parts that touch in a vertex": {func(m *mesh.Mesh) {
			other := box(1, 1, 1)
			for _, tr := range other.Triangles {
				for k := range tr {
					if tr[k] != 0 { // vertex 0 of both is one
						tr[k] += 7
					}
				}
				m.Triangles = append(m.Triangles, tr)
			}
			m.Positions = append(m.Positions, other.Positions[1:]...)
			m.Colors = append(m.Colors, other.Colors[1:]...)
		}, "touch nowhere else"},
		"empty":             {func(m *mesh.Mesh) { *m = mesh.Mesh{} }, "no triangles"},
		"index too large":   {func(m *mesh.Mesh) { m.Triangles[0][0] = 8 }, "uses vertex 8 of 8"},
		"not a number":      {func(m *mesh.Mesh) { m.Positions[5][1] = float32(math.NaN()) }, "vertex 5"},
		"missing color":     {func(m *mesh.Mesh) { m.Colors = m.Colors[1:] }, "7 colors for 8 vertices"},
		"too many normals":  {func(m *mesh.Mesh) { m.Normals = make([]mesh.Vec3, 9) }, "9 normals for 8 vertices"},
		"infinite":          {func(m *mesh.Mesh) { m.Positions[2][2] = float32(math.Inf(-1)) }, "vertex 2"},
		"triangle repeated": {func(m *mesh.Mesh) { m.Triangles = append(m.Triangles, m.Triangles[0]) }, "same direction"},
	} {
		t.Run(name, func(t *testing.T) {
			m := box(1, 1, 1)
			c.spoil(m)
			if err := m.CheckClosed(); err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("CheckClosed = %v, want an error that says %q", err, c.words)
			}
		})
	}
}

func TestVolumeOfAnInvertedMeshIsNegative(t *testing.T) {
	m := box(1, 1, 1)
	for i, tr := range m.Triangles {
		m.Triangles[i] = [3]uint32{tr[0], tr[2], tr[1]}
	}
	if err := m.CheckClosed(); err != nil {
		t.Error(err)
	}
	if v := m.Volume(); math.Abs(v+1) > 1e-6 {
		t.Errorf("volume is %v, want -1", v)
	}
}

func TestNormalizeCentersAndScales(t *testing.T) {
	m := box(2, 8, 4)
	for i := range m.Positions {
		m.Positions[i][0] += 10
	}
	center, side := m.Normalize()
	if center != (mesh.Vec3{10, 0, 0}) || side != 8 {
		t.Errorf("Normalize = %v, %v, want the center 10,0,0 and the side 8", center, side)
	}
	stats := m.Stats()
	if want := [2][3]float64{{-0.125, -0.5, -0.25}, {0.125, 0.5, 0.25}}; stats.Bounds != want {
		t.Errorf("bounds are %v, want %v", stats.Bounds, want)
	}
	if stats.Vertices != 8 || stats.Faces != 12 {
		t.Errorf("stats count %d vertices and %d faces, want 8 and 12", stats.Vertices, stats.Faces)
	}
}

func TestSmoothNormalsPointOutward(t *testing.T) {
	m := box(1, 1, 1)
	for i, n := range m.SmoothNormals() {
		var along, length float64
		for k := range 3 {
			along += float64(n[k]) * float64(m.Positions[i][k])
			length += float64(n[k]) * float64(n[k])
		}
		if along <= 0 || math.Abs(length-1) > 1e-5 {
			t.Errorf("normal %d is %v at %v, want a unit vector outward", i, n, m.Positions[i])
		}
	}
}

func TestPartsSplitsSeparatePieces(t *testing.T) {
	m, other := box(1, 1, 1), box(2, 2, 2)
	for i := range other.Positions {
		other.Positions[i][0] += 5
	}
	for _, tr := range other.Triangles {
		m.Triangles = append(m.Triangles, [3]uint32{tr[0] + 8, tr[1] + 8, tr[2] + 8})
	}
	m.Positions, m.Colors = slices.Concat(m.Positions, other.Positions), slices.Concat(m.Colors, other.Colors)
	parts := m.Parts()
	if len(parts) != 2 {
		t.Fatalf("%d parts, want 2", len(parts))
	}
	for i, want := range []float64{1, 8} {
		if err := parts[i].CheckClosed(); err != nil {
			t.Errorf("part %d: %v", i, err)
		}
		if v := parts[i].Volume(); math.Abs(v-want) > 1e-5 {
			t.Errorf("part %d has volume %v, want %v", i, v, want)
		}
	}
}
