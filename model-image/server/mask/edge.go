package mask

import (
	"image"

	"gen3d/internal/job"
)

const (
	// edgeReach is how far around a raster point, in raster points, the colors of
	// the object and of its surroundings next to it are taken from.
	edgeReach = 4
	// sure and unsure limit the coverage of raster points whose colors are taken.
	sure   = 200
	unsure = 55
	// decided is the difference from [Inside] above which the colors of a place
	// change nothing.
	decided = 45
	// edgeNoise is added to the variance of colors, in 8-bit values squared.
	edgeNoise = 60
)

// sharpen returns the mask at the photo's resolution, if its raster is coarser:
// the pixels along the outline are compared with the colors that the object and
// its surroundings have next to them. How much the color counts depends on how
// much the two differ there; without a difference the interpolated mask remains.
func (m *Mask) sharpen(photo image.Image) *Mask {
	if m.Rect.Dx() <= m.Width || m.Rect.Dy() <= m.Height {
		return m
	}
	crop := Crop(photo, m.Rect, m.Width, m.Height)
	out := New(m.Rect, m.Rect.Dx(), m.Rect.Dy())
	at := pixels(photo)
	sides := make([]*sides, len(m.Cover))
	// A cell is the rectangle of pixels whose centers lie between those of four
	// raster points, and at the rim of the raster between two or at one.
	across, down := cells(m.Rect.Dx(), m.Width), cells(m.Rect.Dy(), m.Height)
	weights := make([]float32, out.Width)
	for x := range weights {
		weights[x] = interpolate(x, out.Width, m.Width).weight
	}
	for _, row := range down {
		for _, column := range across {
			a, b := row.first*m.Width, row.second*m.Width
			corners := [4]uint8{m.Cover[a+column.first], m.Cover[a+column.second], m.Cover[b+column.first], m.Cover[b+column.second]}
			least, most := min(corners[0], corners[1], corners[2], corners[3]), max(corners[0], corners[1], corners[2], corners[3])
			if most < Inside-decided {
				continue
			}
			if least >= Inside+decided {
				for y := row.from; y < row.to; y++ {
					line := out.Cover[y*out.Width+column.from : y*out.Width+column.to]
					for i := range line {
						line[i] = 255
					}
				}
				continue
			}
			for y := row.from; y < row.to; y++ {
				v := interpolate(y, out.Height, m.Height).weight
				for x := column.from; x < column.to; x++ {
					u := weights[x]
					cover := (float32(corners[0])*(1-u)+float32(corners[1])*u)*(1-v) + (float32(corners[2])*(1-u)+float32(corners[3])*u)*v
					nearest := a
					if v >= 0.5 {
						nearest = b
					}
					if u < 0.5 {
						nearest += column.first
					} else {
						nearest += column.second
					}
					if sides[nearest] == nil {
						sides[nearest] = m.sidesAt(crop, nearest%m.Width, nearest/m.Width)
					}
					red, green, blue, alpha := at(m.Rect.Min.X+x, m.Rect.Min.Y+y)
					cover += sides[nearest].shift(float32(red), float32(green), float32(blue))
					if alpha >= Inside && cover >= Inside {
						out.Cover[y*out.Width+x] = 255
					}
				}
			}
		}
	}
	return out
}

// confine removes what is outside a box of the photo.
func (m *Mask) confine(box image.Rectangle) {
	// The raster points whose centers are in the box.
	inside := func(from, to, min, length, n int) (first, end int) {
		first, end = n, n
		for i := range n {
			at := min + (2*i+1)*length/(2*n)
			if at >= from && first == n {
				first = i
			}
			if at >= to {
				return first, i
			}
		}
		return first, end
	}
	x0, x1 := inside(box.Min.X, box.Max.X, m.Rect.Min.X, m.Rect.Dx(), m.Width)
	y0, y1 := inside(box.Min.Y, box.Max.Y, m.Rect.Min.Y, m.Rect.Dy(), m.Height)
	for y := range m.Height {
		row := m.Cover[y*m.Width : (y+1)*m.Width]
		if y < y0 || y >= y1 {
			clear(row)
			continue
		}
		clear(row[:x0])
		clear(row[max(x0, x1):])
	}
}

// set gives the raster points under the user's points their side.
func (m *Mask) set(points []job.Point) {
	for _, p := range points {
		if !image.Pt(p.X, p.Y).In(m.Rect) {
			continue
		}
		i := (p.Y-m.Rect.Min.Y)*m.Height/m.Rect.Dy()*m.Width + (p.X-m.Rect.Min.X)*m.Width/m.Rect.Dx()
		m.Cover[i] = 0
		if p.Inside {
			m.Cover[i] = 255
		}
	}
}

// cell is a range of pixels between two raster points.
type cell struct{ from, to, first, second int }

// cells returns the cells of length pixels under a raster of n points.
func cells(length, n int) []cell {
	var all []cell
	for i := range length {
		t := interpolate(i, length, n)
		if last := len(all) - 1; last >= 0 && all[last].first == t.first && all[last].second == t.second {
			all[last].to = i + 1
			continue
		}
		all = append(all, cell{i, i + 1, t.first, t.second})
	}
	return all
}

// sides are the colors of the object and of its surroundings at a place of the
// outline: the line in color space on which they differ most.
type sides struct {
	axis   [3]float32 // from the surroundings, at 0, to the object, at 1
	start  float32
	weight float32 // 0 to 1
}

// shift returns how much a color speaks for the object, in units of coverage.
func (s *sides) shift(red, green, blue float32) float32 {
	t := red*s.axis[0] + green*s.axis[1] + blue*s.axis[2] - s.start
	return s.weight * 255 * (min(1, max(0, t)) - 0.5)
}

// sidesAt compares the colors around a raster point.
func (m *Mask) sidesAt(crop *image.NRGBA, x0, y0 int) *sides {
	var sums [2]struct{ n, r, g, b, squares float32 }
	for y := max(0, y0-edgeReach); y <= min(m.Height-1, y0+edgeReach); y++ {
		for x := max(0, x0-edgeReach); x <= min(m.Width-1, x0+edgeReach); x++ {
			side := 0
			switch c := m.Cover[y*m.Width+x]; {
			case c >= sure:
				side = 1
			case c > unsure:
				continue
			}
			pixel := crop.Pix[crop.PixOffset(x, y):]
			r, g, b := float32(pixel[0]), float32(pixel[1]), float32(pixel[2])
			s := &sums[side]
			s.n, s.r, s.g, s.b, s.squares = s.n+1, s.r+r, s.g+g, s.b+b, s.squares+r*r+g*g+b*b
		}
	}
	out, in := sums[0], sums[1]
	if out.n == 0 || in.n == 0 {
		return &sides{}
	}
	var from, d [3]float32
	from[0], from[1], from[2] = out.r/out.n, out.g/out.n, out.b/out.n
	d[0], d[1], d[2] = in.r/in.n-from[0], in.g/in.n-from[1], in.b/in.n-from[2]
	apart := d[0]*d[0] + d[1]*d[1] + d[2]*d[2]
	if apart == 0 {
		return &sides{}
	}
	spread := (out.squares/out.n - from[0]*from[0] - from[1]*from[1] - from[2]*from[2]) +
		(in.squares/in.n - (from[0]+d[0])*(from[0]+d[0]) - (from[1]+d[1])*(from[1]+d[1]) - (from[2]+d[2])*(from[2]+d[2]))
	s := &sides{weight: apart / (apart + spread + edgeNoise)}
	for k := range 3 {
		s.axis[k] = d[k] / apart
		s.start += s.axis[k] * from[k]
	}
	return s
}
