package mesh

import (
	"cmp"
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
	spzMagic   = 0x5053474e // "NGSP"
	spzVersion = 2
	spzColor   = 0.15
)

// Parameters of the rounding. They are those of worker/spz.py, which explains
// them, so that splats of both backends have the same errors.
const (
	spzFraction    = 13 // bits of a position after the point
	spzZeros       = 3  // of these bits
	spzLimit       = 1 << (23 - spzZeros)
	spzOpacityStep = 8  // of 255
	spzFaint       = 16 // opacity of 255, below which the step is 1
	spzColorStep   = 4
	// spzScaleError is the change of a standard deviation that a step of up to
	// spzLargestScaleStep may make.
	spzScaleError       = 1. / 2048
	spzLargestScaleStep = 8
	// spzTurnError is the movement of the outline that a step of up to
	// spzLargestTurnStep may make; spzStepTurn is the angle of a step of 1 in
	// radians. A Gaussian whose steps could be larger is not rotated.
	spzTurnError       = 3. / 2048
	spzStepTurn        = 0.016
	spzLargestTurnStep = 32
	spzNoTurn          = 256
)

// WriteSPZ writes the Gaussians of [Mesh.WriteSplat] as SPZ version 2, whose
// axes are the mesh's: +X right, +Y up, +Z back. They follow a Z-order curve; those
// of an opacity below 1/255 are left out. The largest errors are 1/2048 of the
// longest side for a position and for a standard deviation (or 3.2 % of a large
// one), 3/2048 for the outline by a rotation (or 1°), 4/255 of an opacity and 1/67
// of a color (0 to 1).
func (m *Mesh) WriteSPZ(w io.Writer, options SplatOptions) error {
	splats, err := m.splats(options)
	if err != nil {
		return fmt.Errorf("writing SPZ: %w", err)
	}
	packed := packSPZ(splats)
	data := binary.LittleEndian.AppendUint32(nil, spzMagic)
	data = binary.LittleEndian.AppendUint32(data, spzVersion)
	data = binary.LittleEndian.AppendUint32(data, uint32(len(packed.opacities)))
	data = append(data, 0, spzFraction, 0, 0) // degree of the harmonics, bits, flags, reserved
	out, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("writing SPZ: %w", err)
	}
	for _, part := range [][]byte{data, packed.positions, packed.opacities, packed.colors, packed.scales, packed.rotations} {
		if _, err := out.Write(part); err != nil {
			return fmt.Errorf("writing SPZ: %w", err)
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("writing SPZ: %w", err)
	}
	return nil
}

// spzParts are the bytes of the Gaussians in an SPZ file, in its order.
type spzParts struct{ positions, opacities, colors, scales, rotations []byte }

// packSPZ rounds the Gaussians that are drawn, or all if none is, and orders
// them along a Z-order curve. It changes them.
func packSPZ(splats []gaussian) spzParts {
	drawn := make([]gaussian, 0, len(splats))
	for _, g := range splats {
		if g.shown() >= 1 {
			drawn = append(drawn, g)
		}
	}
	if len(drawn) == 0 {
		drawn = splats
	}
	type placed struct {
		place uint64
		index int
	}
	along := make([]placed, len(drawn))
	for i, g := range drawn {
		along[i] = placed{curve(g.cell()), i}
	}
	slices.SortFunc(along, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.index, b.index))
	})
	var parts spzParts
	for _, at := range along {
		g := drawn[at.index]
		for _, v := range g.cell() {
			fixed := v << spzZeros
			parts.positions = append(parts.positions, byte(fixed), byte(fixed>>8), byte(fixed>>16))
		}
		step := 1.
		if g.shown() >= spzFaint {
			step = spzOpacityStep
		}
		parts.opacities = append(parts.opacities, toByte(g.shown(), step, 0))
		for _, v := range g.color {
			parts.colors = append(parts.colors, toByte(255*(0.5+spzColor*float64(v)), spzColorStep, 0))
		}
		g.makeUpright()
		smallest, largest := math.Inf(1), 0.
		for _, v := range g.scale {
			deviation := math.Exp(float64(v))
			smallest, largest = min(smallest, deviation), max(largest, deviation)
			step := powerOfTwo(32 * math.Log1p(spzScaleError/deviation))
			parts.scales = append(parts.scales, toByte(16*(float64(v)+10), min(max(step, 1), spzLargestScaleStep), 0))
		}
		step = max(powerOfTwo(spzTurnError/spzStepTurn/max(largest-smallest, 1e-12)), 1)
		if step > spzLargestTurnStep {
			step = spzNoTurn
		}
		for _, v := range g.rotation[1:] {
			// 127 and 128 stand for ±0.5/127.5; the steps begin at 128.
			parts.rotations = append(parts.rotations, toByte(127.5*float64(v)-0.5, step, 128))
		}
	}
	return parts
}

// shown returns the opacity, 0 to 255.
func (g *gaussian) shown() float64 { return 255 / (1 + math.Exp(-float64(g.opacity))) }

// cell returns the position in units of the grid to which it is rounded.
func (g *gaussian) cell() [3]int32 {
	var cell [3]int32
	for k, v := range g.position {
		units := math.RoundToEven(float64(v) * (1 << (spzFraction - spzZeros)))
		cell[k] = int32(min(max(units, -spzLimit), spzLimit-1))
	}
	return cell
}

// curve returns the place of a cell along a Z-order curve, whose lowest bits are
// those of x, y and z.
func curve(cell [3]int32) uint64 {
	var place uint64
	for k, v := range cell {
		bits := uint64(v + spzLimit) // 21, which get two bits of space after each
		bits = (bits | bits<<32) & 0x1f00000000ffff
		bits = (bits | bits<<16) & 0x1f0000ff0000ff
		bits = (bits | bits<<8) & 0x100f00f00f00f00f
		bits = (bits | bits<<4) & 0x10c30c30c30c30c3
		bits = (bits | bits<<2) & 0x1249249249249249
		place |= bits << k
	}
	return place
}

// powerOfTwo returns the largest power of two that is not above most.
func powerOfTwo(most float64) float64 {
	_, exponent := math.Frexp(most)
	return math.Ldexp(0.5, exponent)
}

// toByte returns zero plus the nearest multiple of step.
func toByte(v, step float64, zero float64) byte {
	return byte(min(max(math.RoundToEven(v/step)*step+zero, 0), 255))
}

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
