package mesh

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
)

// Parameters of the Gaussians. The fields, their order and their encoding
// (opacity before the sigmoid, scales before the exponential, colors as
// spherical harmonics) follow the reference implementation of "3D Gaussian
// Splatting" (graphdeco-inria/gaussian-splatting, scene/gaussian_model.py,
// save_ply).
const (
	// shBand0 is the constant spherical harmonic Y00, the scale of f_dc.
	shBand0 = 0.28209479177387814
	// shRest is the number of f_rest fields: 15 harmonics of bands 1 to 3 for each
	// of three colors. They are zero, because the colors do not depend on the
	// view.
	shRest = 45
	// splatOpacity is the opacity at the center of a Gaussian.
	splatOpacity = 0.95
	// splatSpread is the standard deviation of a Gaussian along the surface,
	// relative to the distance between neighbors: wide enough to leave no gaps,
	// narrow enough to keep detail.
	splatSpread = 0.6
	// splatThickness is the standard deviation across the surface, relative to
	// that along it.
	splatThickness = 0.1
)

// SplatOptions configures the sampling of the surface.
type SplatOptions struct {
	// Count is the number of Gaussians; 0 means one per vertex.
	Count int
	// Seed seeds the sampling, which is deterministic.
	Seed uint32
}

// gaussian is one splat. Its values are those of PLY files: the opacity before
// the sigmoid, the scales before the exponential, the color as the coefficient
// of the harmonic of degree 0.
type gaussian struct {
	position, normal, color, scale Vec3
	opacity                        float32
	rotation                       [4]float32 // w, x, y, z
}

// WriteSplat writes the mesh as Gaussian splats in the PLY layout of 3DGS
// viewers: x y z nx ny nz f_dc_0..2 f_rest_0..44 opacity scale_0..2 rot_0..3,
// all float. The Gaussians are flat discs distributed evenly over the surface,
// in the mesh's coordinates (+Y up). rot is a unit quaternion, w first, that
// rotates +Z onto the normal.
func (m *Mesh) WriteSplat(w io.Writer, from Origin, options SplatOptions) error {
	splats, err := m.splats(options)
	if err != nil {
		return fmt.Errorf("writing splat: %w", err)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	_, _ = out.WriteString(splatHeader(len(splats), from))
	var record []byte
	for _, g := range splats {
		record = appendFloats(record[:0], g.position[:]...)
		record = appendFloats(record, g.normal[:]...)
		record = appendFloats(record, g.color[:]...)
		for range shRest {
			record = appendFloats(record, 0)
		}
		record = appendFloats(record, g.opacity)
		record = appendFloats(record, g.scale[:]...)
		record = appendFloats(record, g.rotation[:]...)
		_, _ = out.Write(record)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing splat: %w", err)
	}
	return nil
}

// splats returns Gaussians on the surface, which are the same for the same
// options.
func (m *Mesh) splats(options SplatOptions) ([]gaussian, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	count := options.Count
	if count <= 0 {
		count = len(m.Positions)
	}
	area := 0.0
	ends := make([]float64, len(m.Triangles)) // cumulative area
	for i, t := range m.Triangles {
		n := m.areaNormal(t)
		area += math.Sqrt(n[0]*n[0]+n[1]*n[1]+n[2]*n[2]) / 2
		ends[i] = area
	}
	spread := max(math.Sqrt(area/float64(count))*splatSpread, 1e-7)
	scale := float32(math.Log(spread))
	across := float32(math.Log(spread * splatThickness))
	opacity := float32(math.Log(splatOpacity / (1 - splatOpacity)))

	normals := m.normals()
	rng := rand.New(rand.NewPCG(uint64(options.Seed), 0x9e3779b97f4a7c15))
	splats := make([]gaussian, count)
	triangle := 0
	for i := range splats {
		// Stratified sampling: one sample in each of count equal shares of the area.
		at := (float64(i) + rng.Float64()) / float64(count) * area
		for triangle < len(ends)-1 && ends[triangle] < at {
			triangle++
		}
		p, n, c := m.sample(m.Triangles[triangle], normals, rng)
		for k, v := range c {
			c[k] = (v - 0.5) / shBand0
		}
		splats[i] = gaussian{
			position: p, normal: n, color: c, scale: Vec3{scale, scale, across}, opacity: opacity, rotation: turnZOnto(n),
		}
	}
	return splats, nil
}

// splatHeader returns the PLY header for count Gaussians.
func splatHeader(count int, from Origin) string {
	header := "ply\nformat binary_little_endian 1.0\n" +
		"comment " + Generator + ", backend " + from.Backend + "\n" +
		fmt.Sprintf("element vertex %d\n", count)
	for _, name := range splatFields() {
		header += "property float " + name + "\n"
	}
	return header + "end_header\n"
}

// splatFields returns the names of a Gaussian's fields in the order of the
// file.
func splatFields() []string {
	names := []string{"x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"}
	for i := range shRest {
		names = append(names, fmt.Sprintf("f_rest_%d", i))
	}
	return append(names, "opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3")
}

// sample returns a random point of a triangle with its normal and its sRGB
// color in 0..1.
func (m *Mesh) sample(t [3]uint32, normals []Vec3, rng *rand.Rand) (p, n, c Vec3) {
	u, v := rng.Float32(), rng.Float32()
	if u+v > 1 {
		u, v = 1-u, 1-v
	}
	weights := [3]float32{1 - u - v, u, v}
	for i, vertex := range t {
		for k := range p {
			p[k] += weights[i] * m.Positions[vertex][k]
			n[k] += weights[i] * normals[vertex][k]
			c[k] += weights[i] * float32(m.Colors[vertex][k]) / 255
		}
	}
	return p, unit(n), c
}

// unit returns v scaled to length 1, or +Z if v has no direction.
func unit(v Vec3) Vec3 {
	length := float32(math.Sqrt(float64(v[0]*v[0] + v[1]*v[1] + v[2]*v[2])))
	if length < 1e-20 {
		return Vec3{0, 0, 1}
	}
	return Vec3{v[0] / length, v[1] / length, v[2] / length}
}

// turnZOnto returns the shortest rotation of +Z to the unit vector n, as a
// quaternion w, x, y, z.
func turnZOnto(n Vec3) [4]float32 {
	w := 1 + n[2]
	if w < 1e-6 { // n is -Z: half a turn about any perpendicular axis
		return [4]float32{0, 1, 0, 0}
	}
	length := float32(math.Sqrt(float64(w*w + n[0]*n[0] + n[1]*n[1])))
	return [4]float32{w / length, -n[1] / length, n[0] / length, 0}
}
