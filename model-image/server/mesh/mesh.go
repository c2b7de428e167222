// Package mesh represents a reconstructed object as a colored triangle mesh and
// writes it as GLB (with a texture or colored vertices), PLY, Gaussian splats in PLY and SPZ, and a preview picture.
//
// A [Mesh] uses the coordinates of glTF: right-handed, +Y up, +Z toward the
// viewer of the photo. [Mesh.Normalize] centers it on the origin and scales the
// longest side of its bounds to 1. Colors are 8-bit sRGB; each writer converts
// them as its format requires (glTF's COLOR_0 is linear; PLY's red, green and
// blue are sRGB).
//
// Triangles are counterclockwise when seen from outside. Backends must return
// closed, consistently oriented surfaces, which [Mesh.CheckClosed] verifies.
package mesh

import (
	"errors"
	"fmt"
	"math"

	"gen3d/internal/job"
)

// Vec3 is a point or a direction: x, y, z.
type Vec3 = [3]float32

// Mesh is a triangle mesh with a color for each vertex.
type Mesh struct {
	// Positions are the vertices.
	Positions []Vec3
	// Triangles are triples of indexes into Positions, counterclockwise when seen
	// from outside.
	Triangles [][3]uint32
	// Colors are sRGB red, green, blue and straight alpha, one per vertex.
	Colors [][4]uint8
	// Normals are unit vectors, one per vertex. If nil, writers use
	// [Mesh.SmoothNormals].
	Normals []Vec3
	// Texture is what [Mesh.WriteTexturedGLB] shows; nil if there is none.
	Texture *Texture
}

// Bounds is an axis-aligned box in the mesh's units.
type Bounds struct{ Min, Max Vec3 }

// Stats returns the numbers of vertices and faces and the bounds, for the
// result document.
func (m *Mesh) Stats() job.MeshStats {
	stats := job.MeshStats{Vertices: len(m.Positions), Faces: len(m.Triangles)}
	b := m.Bounds()
	for k := range 3 {
		stats.Bounds[0][k], stats.Bounds[1][k] = float64(b.Min[k]), float64(b.Max[k])
	}
	return stats
}

// Bounds returns the smallest box that contains all vertices. For an empty mesh
// it is an empty box at the origin.
func (m *Mesh) Bounds() Bounds {
	if len(m.Positions) == 0 {
		return Bounds{}
	}
	b := Bounds{Min: m.Positions[0], Max: m.Positions[0]}
	for _, p := range m.Positions[1:] {
		for i, v := range p {
			b.Min[i] = min(b.Min[i], v)
			b.Max[i] = max(b.Max[i], v)
		}
	}
	return b
}

// Normalize moves the mesh's center to the origin and scales its longest side
// to 1. It returns the previous center and longest side. A mesh whose side is 0
// is only moved.
func (m *Mesh) Normalize() (center Vec3, side float32) {
	b := m.Bounds()
	for i := range center {
		center[i] = (b.Min[i] + b.Max[i]) / 2
		side = max(side, b.Max[i]-b.Min[i])
	}
	scale := float32(1)
	if side > 0 {
		scale = 1 / side
	}
	for i := range m.Positions {
		for k := range center {
			m.Positions[i][k] = (m.Positions[i][k] - center[k]) * scale
		}
	}
	return center, side
}

// SmoothNormals returns for each vertex the mean normal of its triangles,
// weighted by area. The normal of a vertex without a triangle of nonzero area
// is +Z.
func (m *Mesh) SmoothNormals() []Vec3 {
	sums := make([][3]float64, len(m.Positions))
	for _, t := range m.Triangles {
		n := m.areaNormal(t)
		for _, v := range t {
			for k := range n {
				sums[v][k] += n[k]
			}
		}
	}
	normals := make([]Vec3, len(sums))
	for i, s := range sums {
		length := math.Sqrt(s[0]*s[0] + s[1]*s[1] + s[2]*s[2])
		if length < 1e-30 {
			normals[i] = Vec3{0, 0, 1}
			continue
		}
		normals[i] = Vec3{float32(s[0] / length), float32(s[1] / length), float32(s[2] / length)}
	}
	return normals
}

// areaNormal returns a vector along a triangle's outward normal whose length is
// twice its area.
func (m *Mesh) areaNormal(t [3]uint32) [3]float64 {
	a, b, c := m.Positions[t[0]], m.Positions[t[1]], m.Positions[t[2]]
	var u, v [3]float64
	for k := range u {
		u[k] = float64(b[k]) - float64(a[k])
		v[k] = float64(c[k]) - float64(a[k])
	}
	return [3]float64{u[1]*v[2] - u[2]*v[1], u[2]*v[0] - u[0]*v[2], u[0]*v[1] - u[1]*v[0]}
}

// normals returns the mesh's normals, or smooth ones if it has none.
func (m *Mesh) normals() []Vec3 {
	if m.Normals != nil {
		return m.Normals
	}
	return m.SmoothNormals()
}

// Validate returns an error if the mesh cannot be written: it is empty, its
// attributes have different lengths, an index is out of range or a coordinate
// is not finite.
func (m *Mesh) Validate() error {
	if len(m.Triangles) == 0 {
		return errors.New("the mesh has no triangles")
	}
	if len(m.Colors) != len(m.Positions) {
		return fmt.Errorf("the mesh has %d colors for %d vertices", len(m.Colors), len(m.Positions))
	}
	if m.Normals != nil && len(m.Normals) != len(m.Positions) {
		return fmt.Errorf("the mesh has %d normals for %d vertices", len(m.Normals), len(m.Positions))
	}
	for i, p := range m.Positions {
		for _, v := range p {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("vertex %d of the mesh is at %v", i, p)
			}
		}
	}
	for i, t := range m.Triangles {
		for _, v := range t {
			if int(v) >= len(m.Positions) {
				return fmt.Errorf("triangle %d of the mesh uses vertex %d of %d", i, v, len(m.Positions))
			}
		}
	}
	return nil
}
