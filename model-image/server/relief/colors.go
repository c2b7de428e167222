package relief

import (
	"image"
	"slices"

	"gen3d/model-image/server/mask"
)

const (
	// rimPoints is how far inside the object, in points of the mask, a pixel may
	// still show the surroundings, because the outline is not exact. The colors
	// there are extrapolated from the interior.
	rimPoints = 1.5
	// backBlur is the radius of the blur of the back, relative to the object's
	// longest side. The photo only suggests the approximate colors of the back.
	backBlur = 0.035
	// backShade darkens the back.
	backShade = 0.86
)

// colors are the sRGB colors, 0 to 255, of the inner nodes.
type colors struct {
	front, back [][3]float32
	// interior is true for the nodes whose color is that of the photo, too far
	// from the outline to show the surroundings.
	interior []bool
}

// newColors returns the colors of the inner nodes in the photo.
func newColors(photo image.Image, f *field) *colors {
	raw, seen := readPhoto(photo, f)
	c := &colors{}
	c.front, c.interior = extrapolate(f, raw, seen)
	c.back = blurred(f, c.front)
	return c
}

// readPhoto samples the photo at each inner node. seen is false for nodes at
// fully transparent pixels.
func readPhoto(photo image.Image, f *field) (raw [][3]float32, seen []bool) {
	area := f.area(photo.Bounds())
	crop := mask.Crop(photo, area, int(float64(area.Dx())/f.cell)+1, int(float64(area.Dy())/f.cell)+1)
	width, height := crop.Bounds().Dx(), crop.Bounds().Dy()
	scaleX, scaleY := float64(width)/float64(area.Dx()), float64(height)/float64(area.Dy())

	raw = make([][3]float32, len(f.value))
	seen = make([]bool, len(f.value))
	for i, v := range f.value {
		if v < 0 {
			continue
		}
		x := (f.originX + float64(i%f.width)*f.cell - float64(area.Min.X)) * scaleX
		y := (f.originY + float64(i/f.width)*f.cell - float64(area.Min.Y)) * scaleY
		x = min(max(x-0.5, 0), float64(width-1))
		y = min(max(y-0.5, 0), float64(height-1))
		x0, y0 := int(x), int(y)
		tx, ty := float32(x-float64(x0)), float32(y-float64(y0))
		var sum [3]float32
		var weight float32
		for k, share := range [4]float32{(1 - tx) * (1 - ty), tx * (1 - ty), (1 - tx) * ty, tx * ty} {
			pixel := crop.Pix[crop.PixOffset(min(x0+k%2, width-1), min(y0+k/2, height-1)):]
			share *= float32(pixel[3]) / 255
			weight += share
			for n := range sum {
				sum[n] += share * float32(pixel[n])
			}
		}
		if weight < 1e-3 {
			continue
		}
		seen[i] = true
		for n := range sum {
			raw[i][n] = sum[n] / weight
		}
	}
	return raw, seen
}

// extrapolate replaces the colors near the outline by those of the nearest
// interior nodes. Parts too thin to have an interior keep their colors.
// interior is true for the nodes that keep theirs.
func extrapolate(f *field, raw [][3]float32, seen []bool) (out [][3]float32, interior []bool) {
	w := f.width
	reach := int(rimPoints*f.pointCells) + 2 // a node shows up to one cell around it
	depth := make([]int, len(f.value))       // steps to the outline, up to reach+1
	for i, v := range f.value {
		if v > 0 {
			depth[i] = reach + 1
		}
	}
	for step := range reach {
		for i := range depth {
			if depth[i] > step+1 && (depth[i-1] == step || depth[i+1] == step || depth[i-w] == step || depth[i+w] == step) {
				depth[i] = step + 1
			}
		}
	}
	out = append([][3]float32(nil), raw...)
	known := make([]bool, len(out))
	for i := range known {
		known[i] = depth[i] > reach && seen[i]
	}
	interior = slices.Clone(known)
	spread(f, out, known, reach+2)
	for i, v := range f.value {
		if v > 0 && !known[i] && seen[i] {
			known[i], interior[i], out[i] = true, true, raw[i]
		}
	}
	spread(f, out, known, len(out)) // for transparent pixels
	return out, interior
}

// spread assigns inner nodes without a known color the mean of their known
// neighbors, one ring at a time.
func spread(f *field, out [][3]float32, known []bool, rings int) {
	w := f.width
	var missing []int
	for i, v := range f.value {
		if v > 0 && !known[i] {
			missing = append(missing, i)
		}
	}
	for range rings {
		var left, found []int
		for _, i := range missing {
			var sum [3]float32
			var n float32
			for _, j := range [8]int{i - 1, i + 1, i - w, i + w, i - w - 1, i - w + 1, i + w - 1, i + w + 1} {
				if known[j] {
					n++
					for k := range sum {
						sum[k] += out[j][k]
					}
				}
			}
			if n == 0 {
				left = append(left, i)
				continue
			}
			found = append(found, i)
			for k := range sum {
				out[i][k] = sum[k] / n
			}
		}
		if len(found) == 0 {
			return
		}
		for _, i := range found {
			known[i] = true
		}
		missing = left
	}
}

// blurred returns a blurred and darkened copy of the colors. Each is the mean
// of the surrounding colors inside the object.
func blurred(f *field, front [][3]float32) [][3]float32 {
	radius := max(1, int(backBlur*float64(max(f.width, f.height))))
	sums := make([][4]float32, len(front)) // color and number of nodes
	for i, v := range f.value {
		if v > 0 {
			sums[i] = [4]float32{front[i][0], front[i][1], front[i][2], 1}
		}
	}
	line := make([][4]float32, max(f.width, f.height))
	pass := func(start, step, n int) {
		var sum [4]float32
		for i := range n {
			line[i] = sums[start+i*step]
		}
		add := func(i int, sign float32) {
			if i >= 0 && i < n {
				for k := range sum {
					sum[k] += sign * line[i][k]
				}
			}
		}
		for i := range radius {
			add(i, 1)
		}
		for i := range n {
			add(i+radius, 1)
			add(i-radius-1, -1)
			sums[start+i*step] = sum
		}
	}
	for range 2 {
		for y := range f.height {
			pass(y*f.width, 1, f.width)
		}
		for x := range f.width {
			pass(x, f.width, f.height)
		}
		for i := range sums { // normalize, so that the sums do not grow
			if f.value[i] < 0 || sums[i][3] < 0.5 {
				sums[i] = [4]float32{}
				continue
			}
			for k := range 3 {
				sums[i][k] /= sums[i][3]
			}
			sums[i][3] = 1
		}
	}
	back := make([][3]float32, len(front))
	for i, s := range sums {
		for k := range 3 {
			back[i][k] = s[k] * backShade
		}
	}
	return back
}
