// Package mesh holds one reconstructed object as a colored triangle mesh and writes it in the forms users download: GLB,
// PLY, a Gaussian splat PLY and a picture for thumbnails.
//
// A [Mesh] lives in glTF's space: right handed, +Y up, +Z towards the viewer of the photo. [Mesh.Normalize] brings it to
// unit size: centered on the origin, the longest side of its bounds 1. Colors are 8 bit sRGB as in the photo; each writer
// converts them to what its format asks for (glTF's COLOR_0 is linear, PLY's red, green, blue are sRGB).
//
// Triangles wind counterclockwise seen from outside. [Mesh.CheckClosed] tells whether a mesh is a closed, consistently
// wound surface, which is what every backend here must hand over.
package mesh

import (
	"errors"
	"fmt"
	"math"

	"gen3d/internal/job"
)

// Vec3 is a point or direction: x, y, z.
type Vec3 = [3]float32

// Mesh is a triangle mesh with a color for each vertex.
type Mesh struct {
	// Positions are the vertices.
	Positions []Vec3
	// Triangles are triples of indexes into Positions, counterclockwise seen from outside.
	Triangles [][3]uint32
	// Colors are sRGB red, green, blue and straight alpha, one for each vertex.
	Colors [][4]uint8
	// Normals are unit vectors, one for each vertex, or nil: writers then use those of [Mesh.SmoothNormals].
	Normals []Vec3
}

// Bounds are the corners of an axis-aligned box, in the mesh's units.
type Bounds struct{ Min, Max Vec3 }

// Stats counts the mesh and measures its bounds, as its result document reports them.
func (m *Mesh) Stats() job.MeshStats {
	stats := job.MeshStats{Vertices: len(m.Positions), Faces: len(m.Triangles)}
	b := m.Bounds()
	for k := range 3 {
		stats.Bounds[0][k], stats.Bounds[1][k] = float64(b.Min[k]), float64(b.Max[k])
	}
	return stats
}

// Bounds is the smallest box that holds every vertex; of an empty mesh, a box at the origin.
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

// Normalize moves the mesh's center to the origin and scales it so that its longest side is 1. It returns where the center
// was and how long the longest side was, both in the units before; a mesh without size is only moved, and its side is 0.
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

// SmoothNormals gives each vertex the mean direction of the triangles round it, each weighted by its area. A vertex that
// no triangle with an area uses points along +Z.
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

// areaNormal is a vector along a triangle's outward normal, twice as long as its area.
func (m *Mesh) areaNormal(t [3]uint32) [3]float64 {
	a, b, c := m.Positions[t[0]], m.Positions[t[1]], m.Positions[t[2]]
	var u, v [3]float64
	for k := range u {
		u[k] = float64(b[k]) - float64(a[k])
		v[k] = float64(c[k]) - float64(a[k])
	}
	return [3]float64{u[1]*v[2] - u[2]*v[1], u[2]*v[0] - u[0]*v[2], u[0]*v[1] - u[1]*v[0]}
}

// normals are the mesh's own, or smooth ones.
func (m *Mesh) normals() []Vec3 {
	if m.Normals != nil {
		return m.Normals
	}
	return m.SmoothNormals()
}

// Validate says what makes the mesh unfit to be written: nothing in it, attributes of different lengths, an index that
// points nowhere, a coordinate that is not a number.
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
