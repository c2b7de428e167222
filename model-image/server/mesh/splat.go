package mesh

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
)

// Figures of the splat's Gaussians. The fields, their order and their encodings (opacity before the sigmoid, scales
// before the exponential, colors as spherical harmonics) are those of the reference implementation of "3D Gaussian
// Splatting" (graphdeco-inria/gaussian-splatting, scene/gaussian_model.py, save_ply).
const (
	// shBand0 is the constant spherical harmonic Y00, by which f_dc is scaled.
	shBand0 = 0.28209479177387814
	// shRest is the number of f_rest fields: 15 harmonics of bands 1 to 3 for each of three colors. A surface without
	// view-dependent light has them all zero.
	shRest = 45
	// splatOpacity is how much of the light behind a Gaussian's center it stops.
	splatOpacity = 0.95
	// splatSpread is a Gaussian's standard deviation in the surface as a share of the distance between neighbors: wide
	// enough to leave no gaps, narrow enough to keep the photo's detail.
	splatSpread = 0.6
	// splatThickness is the standard deviation across the surface as a share of that in it.
	splatThickness = 0.1
)

// SplatOptions say how the surface is sampled.
type SplatOptions struct {
	// Count is the number of Gaussians; 0 means one for each vertex.
	Count int
	// Seed makes another sample; the same seed always makes the same.
	Seed uint32
}

// WriteSplat writes the mesh as Gaussian splats in the PLY layout that 3DGS viewers read: x y z nx ny nz f_dc_0..2
// f_rest_0..44 opacity scale_0..2 rot_0..3, all float. The Gaussians are flat discs spread evenly over the surface, in
// the mesh's own space (+Y up); rot is a unit quaternion, w first, that turns the disc's +Z onto the normal.
func (m *Mesh) WriteSplat(w io.Writer, from Origin, options SplatOptions) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("writing splat: %w", err)
	}
	count := options.Count
	if count <= 0 {
		count = len(m.Positions)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	_, _ = out.WriteString(splatHeader(count, from))

	area := 0.0
	ends := make([]float64, len(m.Triangles)) // area up to and with each triangle
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
	var record []byte
	triangle := 0
	for i := range count {
		// One sample in each of count equal shares of the area: even, but without a pattern.
		at := (float64(i) + rng.Float64()) / float64(count) * area
		for triangle < len(ends)-1 && ends[triangle] < at {
			triangle++
		}
		p, n, c := m.sample(m.Triangles[triangle], normals, rng)
		q := turnZOnto(n)
		record = appendFloats(record[:0], p[0], p[1], p[2], n[0], n[1], n[2])
		for _, v := range c {
			record = appendFloats(record, (v-0.5)/shBand0)
		}
		for range shRest {
			record = appendFloats(record, 0)
		}
		record = appendFloats(record, opacity, scale, scale, across, q[0], q[1], q[2], q[3])
		_, _ = out.Write(record)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing splat: %w", err)
	}
	return nil
}

// splatHeader is the PLY header of count Gaussians.
func splatHeader(count int, from Origin) string {
	header := "ply\nformat binary_little_endian 1.0\n" +
		"comment " + Generator + ", backend " + from.Backend + "\n" +
		fmt.Sprintf("element vertex %d\n", count)
	for _, name := range splatFields() {
		header += "property float " + name + "\n"
	}
	return header + "end_header\n"
}

// splatFields are the names of a Gaussian's fields in the order they are written.
func splatFields() []string {
	names := []string{"x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"}
	for i := range shRest {
		names = append(names, fmt.Sprintf("f_rest_%d", i))
	}
	return append(names, "opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3")
}

// sample is a random point of a triangle with its normal and its sRGB color in 0..1.
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

// unit is v at length 1, or +Z where v has no direction.
func unit(v Vec3) Vec3 {
	length := float32(math.Sqrt(float64(v[0]*v[0] + v[1]*v[1] + v[2]*v[2])))
	if length < 1e-20 {
		return Vec3{0, 0, 1}
	}
	return Vec3{v[0] / length, v[1] / length, v[2] / length}
}

// turnZOnto is the shortest rotation that takes +Z to the unit vector n, as a quaternion w, x, y, z.
func turnZOnto(n Vec3) [4]float32 {
	w := 1 + n[2]
	if w < 1e-6 { // n is -Z: half a turn about any axis across it
		return [4]float32{0, 1, 0, 0}
	}
	length := float32(math.Sqrt(float64(w*w + n[0]*n[0] + n[1]*n[1])))
	return [4]float32{w / length, -n[1] / length, n[0] / length, 0}
}
