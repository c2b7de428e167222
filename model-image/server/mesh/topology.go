package mesh

import (
	"fmt"
	"slices"
)

// CheckClosed returns an error if the mesh is not a closed, consistently
// oriented manifold: every edge belongs to exactly two triangles, which use it
// in opposite directions; the triangles around a vertex form one fan; no
// triangle uses a vertex twice or has no area; and every vertex is used. It
// does not distinguish inside from outside; see [Mesh.Volume].
func (m *Mesh) CheckClosed() error {
	if err := m.Validate(); err != nil {
		return err
	}
	// A half-edge as one number: from in the upper 32 bits, to in the lower.
	edges := make([]uint64, 0, 3*len(m.Triangles))
	corners := make([]int, len(m.Positions))
	for i, t := range m.Triangles {
		if t[0] == t[1] || t[1] == t[2] || t[2] == t[0] {
			return fmt.Errorf("triangle %d uses a vertex twice: %v", i, t)
		}
		if n := m.areaNormal(t); n[0]*n[0]+n[1]*n[1]+n[2]*n[2] < 1e-24 {
			return fmt.Errorf("triangle %d has no area: %v", i, t)
		}
		for k, v := range t {
			edges = append(edges, uint64(v)<<32|uint64(t[(k+1)%3]))
			corners[v]++
		}
	}
	slices.Sort(edges)
	for i, e := range edges {
		if i > 0 && edges[i-1] == e {
			return fmt.Errorf("two triangles run along edge %d-%d in the same direction", e>>32, uint32(e))
		}
	}
	for _, e := range edges {
		if _, found := slices.BinarySearch(edges, e<<32|e>>32); !found {
			return fmt.Errorf("edge %d-%d is open", e>>32, uint32(e))
		}
	}
	return m.checkFans(corners)
}

// checkFans returns an error if a vertex has no triangles, or several fans. It
// walks around each vertex, starting at one of its triangles, and must pass all
// of them.
func (m *Mesh) checkFans(corners []int) error {
	// next[v] maps, for a triangle (v, a, b), a to b; the arcs of all vertices are
	// in one slice, ordered by vertex.
	type arc struct{ from, to uint32 }
	start := make([]int, len(corners)+1)
	for v, n := range corners {
		start[v+1] = start[v] + n
	}
	arcs := make([]arc, start[len(corners)])
	filled := make([]int, len(corners))
	for _, t := range m.Triangles {
		for k, v := range t {
			arcs[start[v]+filled[v]] = arc{t[(k+1)%3], t[(k+2)%3]}
			filled[v]++
		}
	}
	for v, n := range corners {
		if n == 0 {
			return fmt.Errorf("vertex %d belongs to no triangle", v)
		}
		fan := arcs[start[v]:start[v+1]]
		at, steps := fan[0].to, 1
		for at != fan[0].from {
			i := slices.IndexFunc(fan, func(a arc) bool { return a.from == at })
			if i < 0 {
				return fmt.Errorf("the triangles around vertex %d do not close", v)
			}
			at = fan[i].to
			steps++
		}
		if steps != n {
			return fmt.Errorf("vertex %d joins parts of the surface that touch nowhere else", v)
		}
	}
	return nil
}

// Volume returns the volume that the mesh encloses. For a closed mesh it is
// positive if its triangles are counterclockwise when seen from outside, and
// negative if they are clockwise.
func (m *Mesh) Volume() float64 {
	var six float64
	for _, t := range m.Triangles {
		n := m.areaNormal(t)
		a := m.Positions[t[0]]
		six += n[0]*float64(a[0]) + n[1]*float64(a[1]) + n[2]*float64(a[2])
	}
	return six / 6
}

// Parts returns the connected components of the mesh as separate meshes, in the
// order of their first triangles.
func (m *Mesh) Parts() []*Mesh {
	parent := make([]uint32, len(m.Positions))
	for i := range parent {
		parent[i] = uint32(i)
	}
	root := func(v uint32) uint32 {
		for parent[v] != v {
			parent[v] = parent[parent[v]]
			v = parent[v]
		}
		return v
	}
	for _, t := range m.Triangles {
		parent[root(t[1])] = root(t[0])
		parent[root(t[2])] = root(t[0])
	}
	var parts []*Mesh
	partOf := map[uint32]*Mesh{}
	renamed := make(map[uint32]uint32, len(m.Positions))
	for _, t := range m.Triangles {
		r := root(t[0])
		part := partOf[r]
		if part == nil {
			part = &Mesh{}
			partOf[r] = part
			parts = append(parts, part)
		}
		var moved [3]uint32
		for k, v := range t {
			n, known := renamed[v]
			if !known {
				n = uint32(len(part.Positions))
				renamed[v] = n
				part.Positions = append(part.Positions, m.Positions[v])
				part.Colors = append(part.Colors, m.Colors[v])
				if m.Normals != nil {
					part.Normals = append(part.Normals, m.Normals[v])
				}
			}
			moved[k] = n
		}
		part.Triangles = append(part.Triangles, moved)
	}
	return parts
}
