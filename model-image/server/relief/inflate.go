package relief

import (
	"context"
	"math"
)

const (
	mostSweeps = 600
	// settled is the change in a sweep, relative to the maximum value, at which
	// the iteration ends.
	settled = 2e-5
	// rimSoftness, in cells, limits the slope at the outline, which is infinite
	// and cannot be represented on a grid.
	rimSoftness = 1.2
	// leastHeight, in cells, separates the front and the back of a single node.
	leastHeight = 0.2
)

// inflate computes the height of each inner node: the root of u with ∇²u = -4
// inside and u = 0 on the outline, so that a disc of radius R has the heights
// of a half ball, √(R² - r²). If a neighbor is outside, the equation uses the
// exact distance to the outline (Shortley and Weller), to avoid a staircase
// along the rim.
func (f *field) inflate(ctx context.Context) error {
	type node struct {
		at                    int32
		left, right, up, down float32 // weights of the neighbors; 0 if outside
		diagonal              float32 // 1 / sum of all weights
	}
	var nodes []node
	for i, v := range f.value {
		if v < 0 {
			continue
		}
		arms := [4]float32{1, 1, 1, 1}
		neighbors := [4]int{i - 1, i + 1, i - f.width, i + f.width}
		for k, j := range neighbors {
			if f.value[j] < 0 {
				arms[k] = f.crossing(i, j)
			}
		}
		weights := [4]float32{
			2 / (arms[0] * (arms[0] + arms[1])), 2 / (arms[1] * (arms[0] + arms[1])),
			2 / (arms[2] * (arms[2] + arms[3])), 2 / (arms[3] * (arms[2] + arms[3])),
		}
		n := node{at: int32(i), diagonal: 1 / (weights[0] + weights[1] + weights[2] + weights[3])}
		for k, j := range neighbors {
			if f.value[j] < 0 {
				weights[k] = 0
			}
		}
		n.left, n.right, n.up, n.down = weights[0], weights[1], weights[2], weights[3]
		nodes = append(nodes, n)
	}

	u, reach := f.firstHeights()
	// The optimal over-relaxation for a square as wide as the object.
	relax := float32(2 / (1 + math.Sin(math.Pi/(2*float64(reach)+2))))
	w := f.width
	for sweep := range mostSweeps {
		if sweep%16 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		var change, most float32
		for k := range nodes {
			n := &nodes[k]
			i := int(n.at)
			v := (4 + n.left*u[i-1] + n.right*u[i+1] + n.up*u[i-w] + n.down*u[i+w]) * n.diagonal
			d := relax * (v - u[i])
			u[i] += d
			change = max(change, d, -d)
			most = max(most, u[i])
		}
		if change < settled*most {
			break
		}
	}
	for _, n := range nodes {
		v := max(u[n.at], 0)
		u[n.at] = max(float32(math.Sqrt(float64(v+rimSoftness*rimSoftness)))-rimSoftness, leastHeight)
	}
	f.up = u
	return nil
}

// firstHeights returns an initial solution from the distance to the outline, as
// for a disc, and the maximum distance in cells.
func (f *field) firstHeights() (u []float32, reach float32) {
	u = make([]float32, len(f.value))
	w := f.width
	// Two sweeps of a chamfer distance: 1 to the side, √2 diagonally.
	const across = math.Sqrt2
	for i, v := range f.value {
		if v > 0 {
			u[i] = min(u[i-1]+1, u[i-w]+1, u[i-w-1]+across, u[i-w+1]+across)
		}
	}
	for i := len(u) - 1; i >= 0; i-- {
		if f.value[i] > 0 {
			u[i] = min(u[i], u[i+1]+1, u[i+w]+1, u[i+w+1]+across, u[i+w-1]+across)
			reach = max(reach, u[i])
		}
	}
	for i, d := range u {
		u[i] = d * (2*reach - d)
	}
	return u, reach
}
