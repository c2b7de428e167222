package relief

import (
	"image"
	"math"

	"gen3d/model-image/server/mask"
	"gen3d/model-image/server/mesh"
)

// newTexture returns the photo around the object as the texture of the mesh
// that [build] made, in grid units. side is its maximum side in texels. Front and
// back show it alike, the back mirrored.
//
// As the vertices do, texels near the outline show what the object's interior
// next to them has, because the photo may show the surroundings there. What no
// triangle shows is filled smoothly, so that filtering finds no other color.
func newTexture(photo image.Image, f *field, c *colors, m *mesh.Mesh, side int) *mesh.Texture {
	area := f.area(photo.Bounds())
	scale := min(1, float64(side)/float64(max(area.Dx(), area.Dy())))
	width, height := max(1, int(float64(area.Dx())*scale)), max(1, int(float64(area.Dy())*scale))
	picture := mask.Crop(photo, area, width, height)
	covered := make([]bool, width*height)
	for y := range height {
		gridY := (float64(area.Min.Y) + (float64(y)+0.5)/float64(height)*float64(area.Dy()) - f.originY) / f.cell
		for x := range width {
			gridX := (float64(area.Min.X) + (float64(x)+0.5)/float64(width)*float64(area.Dx()) - f.originX) / f.cell
			pixel := picture.Pix[picture.PixOffset(x, y):][:4:4]
			if i := f.nearest(gridX, gridY); i >= 0 && c.interior[i] && pixel[3] > 0 {
				covered[y*width+x] = true
			} else if color, ok := f.between(c.front, gridX, gridY); ok {
				pixel[0], pixel[1], pixel[2] = clip(color[0]), clip(color[1]), clip(color[2])
				covered[y*width+x] = true
			}
			pixel[3] = 255
		}
	}
	fill(picture, covered)
	uv := make([][2]float32, len(m.Positions))
	for i, p := range m.Positions {
		x, y := f.originX+float64(p[0])*f.cell, f.originY-float64(p[1])*f.cell
		uv[i] = [2]float32{
			float32(min(max((x-float64(area.Min.X))/float64(area.Dx()), 0), 1)),
			float32(min(max((y-float64(area.Min.Y))/float64(area.Dy()), 0), 1)),
		}
	}
	return &mesh.Texture{Picture: picture, UV: uv}
}

// area returns the part of the photo that the grid covers.
func (f *field) area(photo image.Rectangle) image.Rectangle {
	return image.Rect(
		int(math.Floor(f.originX)), int(math.Floor(f.originY)),
		int(math.Ceil(f.originX+float64(f.width)*f.cell)), int(math.Ceil(f.originY+float64(f.height)*f.cell)),
	).Intersect(photo)
}

// nearest returns the node nearest to a place on the grid, or -1 outside.
func (f *field) nearest(x, y float64) int {
	i, j := int(math.Round(x)), int(math.Round(y))
	if i < 0 || j < 0 || i >= f.width || j >= f.height {
		return -1
	}
	return j*f.width + i
}

// between returns the mean color of the inner nodes at the corners of the cell
// around a place on the grid, weighted by their nearness. ok is false if none
// is inside.
func (f *field) between(values [][3]float32, x, y float64) (color [3]float32, ok bool) {
	i, j := int(math.Floor(x)), int(math.Floor(y))
	if i < 0 || j < 0 || i+1 >= f.width || j+1 >= f.height {
		return color, false
	}
	tx, ty := float32(x-float64(i)), float32(y-float64(j))
	var total float32
	for k, share := range [4]float32{(1 - tx) * (1 - ty), tx * (1 - ty), (1 - tx) * ty, tx * ty} {
		node := (j+k/2)*f.width + i + k%2
		if f.value[node] < 0 {
			continue
		}
		share += 1e-4 // a place on an outer node has a color too
		total += share
		for n := range color {
			color[n] += share * values[node][n]
		}
	}
	if total == 0 {
		return color, false
	}
	for n := range color {
		color[n] /= total
	}
	return color, true
}

// fill gives the texels that are not covered the mean of the covered ones in
// the smallest square around them that has any (pull and push, Gortler and
// others 1996). The squares have sides of powers of two.
func fill(picture *image.NRGBA, covered []bool) {
	type level struct {
		width, height int
		values        [][4]float32 // color and share that is covered
	}
	width, height := picture.Rect.Dx(), picture.Rect.Dy()
	coarse := level{(width + 1) / 2, (height + 1) / 2, nil}
	coarse.values = make([][4]float32, coarse.width*coarse.height)
	for i, is := range covered {
		if is {
			sum := &coarse.values[i/width/2*coarse.width+i%width/2]
			for k := range 3 {
				sum[k] += float32(picture.Pix[4*i+k])
			}
			sum[3]++
		}
	}
	levels := []level{coarse}
	for coarse.width > 1 || coarse.height > 1 {
		next := level{(coarse.width + 1) / 2, (coarse.height + 1) / 2, nil}
		next.values = make([][4]float32, next.width*next.height)
		for i, value := range coarse.values {
			sum := &next.values[i/coarse.width/2*next.width+i%coarse.width/2]
			for k := range sum {
				sum[k] += value[k]
			}
		}
		levels, coarse = append(levels, next), next
	}
	for i, is := range covered {
		if is {
			continue
		}
		x, y := i%width, i/width
		for n, l := range levels {
			if v := l.values[y>>(n+1)*l.width+x>>(n+1)]; v[3] > 0 {
				for k := range 3 {
					picture.Pix[4*i+k] = clip(v[k] / v[3])
				}
				break
			}
		}
	}
}
