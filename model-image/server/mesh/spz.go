package mesh

import (
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
)

// Parameters of SPZ version 2, as Niantic's library writes it
// (github.com/nianticlabs/spz, src/cc/load-spz.cc): a gzip stream of a header
// and, for all Gaussians after each other, positions, opacities, colors, scales
// and rotations.
const (
	spzMagic    = 0x5053474e // "NGSP"
	spzVersion  = 2
	spzFraction = 12 // bits of a position after the point
	spzColor    = 0.15
)

// WriteSPZ writes the Gaussians of [Mesh.WriteSplat] as SPZ version 2, whose
// axes are the mesh's: +X right, +Y up, +Z back. The largest errors are 1/8192
// of a position, 1/510 of an opacity, 1/270 of a color (0 to 1), 1/32 of the
// logarithm of a scale and 1° of a rotation.
func (m *Mesh) WriteSPZ(w io.Writer, options SplatOptions) error {
	splats, err := m.splats(options)
	if err != nil {
		return fmt.Errorf("writing SPZ: %w", err)
	}
	data := binary.LittleEndian.AppendUint32(nil, spzMagic)
	data = binary.LittleEndian.AppendUint32(data, spzVersion)
	data = binary.LittleEndian.AppendUint32(data, uint32(len(splats)))
	data = append(data, 0, spzFraction, 0, 0) // degree of the harmonics, bits, flags, reserved
	data = slices.Grow(data, 19*len(splats))
	for _, g := range splats {
		for _, v := range g.position {
			fixed := int32(math.Round(float64(v) * (1 << spzFraction)))
			data = append(data, byte(fixed), byte(fixed>>8), byte(fixed>>16))
		}
	}
	for _, g := range splats {
		data = append(data, toByte(255/(1+math.Exp(-float64(g.opacity)))))
	}
	for _, g := range splats {
		for _, v := range g.color {
			data = append(data, toByte(255*(0.5+spzColor*float64(v))))
		}
	}
	for i := range splats {
		splats[i].makeUpright()
		for _, v := range splats[i].scale {
			data = append(data, toByte(16*(float64(v)+10)))
		}
	}
	for _, g := range splats {
		for _, v := range g.rotation[1:] {
			data = append(data, toByte(127.5*(1+float64(v))))
		}
	}
	out, err := gzip.NewWriterLevel(w, gzip.DefaultCompression)
	if err != nil {
		return fmt.Errorf("writing SPZ: %w", err)
	}
	if _, err := out.Write(data); err != nil {
		return fmt.Errorf("writing SPZ: %w", err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("writing SPZ: %w", err)
	}
	return nil
}

// toByte rounds v to a byte.
func toByte(v float64) byte { return byte(min(max(math.Round(v), 0), 255)) }

// makeUpright replaces rotation and scales by those of the same ellipsoid in
// which w is at least 0.85. SPZ stores x, y and z; a small w would be
// inaccurate. Turning an ellipsoid about its own axes by a symmetry of the cube
// only exchanges its axes. These 24 rotations have one component 1, two of √½ or
// four of ½, with any signs; w becomes the dot product with the one chosen.
func (g *gaussian) makeUpright() {
	q := g.rotation
	order := []int{0, 1, 2, 3}
	size := func(i int) float64 { return math.Abs(float64(q[i])) }
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case size(a) > size(b):
			return -1
		case size(a) < size(b):
			return 1
		}
		return 0
	})
	var best [4]float32
	largest, sum := -1.0, 0.0
	for i := range order {
		sum += size(order[i])
		if i == 2 {
			continue
		}
		unit := 1 / math.Sqrt(float64(i+1))
		if sum*unit <= largest {
			continue
		}
		largest, best = sum*unit, [4]float32{}
		for _, k := range order[:i+1] {
			best[k] = float32(math.Copysign(unit, float64(q[k])))
		}
	}
	g.rotation = turnBy(q, [4]float32{best[0], -best[1], -best[2], -best[3]})
	g.scale = exchange(best, g.scale)
}

// turnBy returns the product of two quaternions: the rotation b, then a.
func turnBy(a, b [4]float32) [4]float32 {
	return [4]float32{
		a[0]*b[0] - a[1]*b[1] - a[2]*b[2] - a[3]*b[3],
		a[0]*b[1] + a[1]*b[0] + a[2]*b[3] - a[3]*b[2],
		a[0]*b[2] - a[1]*b[3] + a[2]*b[0] + a[3]*b[1],
		a[0]*b[3] + a[1]*b[2] - a[2]*b[1] + a[3]*b[0],
	}
}

// exchange returns the scales of an ellipsoid's axes after a rotation of the
// cube, whose matrix has one ±1 in each row.
func exchange(q [4]float32, scale Vec3) Vec3 {
	w, x, y, z := q[0], q[1], q[2], q[3]
	rows := [3][3]float32{
		{1 - 2*(y*y+z*z), 2 * (x*y - w*z), 2 * (x*z + w*y)},
		{2 * (x*y + w*z), 1 - 2*(x*x+z*z), 2 * (y*z - w*x)},
		{2 * (x*z - w*y), 2 * (y*z + w*x), 1 - 2*(x*x+y*y)},
	}
	var out Vec3
	for i, row := range rows {
		for k, v := range row {
			if v*v > 0.5 {
				out[i] = scale[k]
			}
		}
	}
	return out
}
