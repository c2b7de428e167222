package mask

import (
	"image"
	"image/color"
)

// Crop returns the part r of the photo, scaled down to width × height pixels by
// averaging, with straight alpha. It never scales up: the result has at most
// the size of r.
func Crop(photo image.Image, r image.Rectangle, width, height int) *image.NRGBA {
	r = r.Intersect(photo.Bounds())
	width, height = min(width, r.Dx()), min(height, r.Dy())
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	at := pixels(photo)
	for y := range height {
		y0, y1 := span(r.Min.Y, r.Dy(), y, height)
		stepY := stride(y1 - y0)
		for x := range width {
			x0, x1 := span(r.Min.X, r.Dx(), x, width)
			stepX := stride(x1 - x0)
			var red, green, blue, alpha, n int
			for sy := y0 + stepY/2; sy < y1; sy += stepY {
				for sx := x0 + stepX/2; sx < x1; sx += stepX {
					r, g, b, a := at(sx, sy)
					red += int(r) * int(a)
					green += int(g) * int(a)
					blue += int(b) * int(a)
					alpha += int(a)
					n++
				}
			}
			if alpha == 0 {
				continue
			}
			pixel := out.Pix[out.PixOffset(x, y):]
			pixel[0] = uint8((red + alpha/2) / alpha)
			pixel[1] = uint8((green + alpha/2) / alpha)
			pixel[2] = uint8((blue + alpha/2) / alpha)
			pixel[3] = uint8((alpha + n/2) / n)
		}
	}
	return out
}

// span returns the range of source pixels, starting at lo, that target pixel i
// of n covers. It is not empty if n ≤ length.
func span(lo, length, i, n int) (first, end int) {
	return lo + i*length/n, lo + (i+1)*length/n
}

// stride returns a step that leaves at most four samples in a range: enough to
// average without aliasing, in a time that does not depend on the size of the
// photo.
func stride(length int) int {
	return max(1, (length+3)/4)
}

// pixels returns a function that reads 8-bit colors with straight alpha. It
// does not allocate for the image types that decoders return.
func pixels(photo image.Image) func(x, y int) (r, g, b, a uint8) {
	switch p := photo.(type) {
	case *image.YCbCr:
		return func(x, y int) (r, g, b, a uint8) {
			i := p.COffset(x, y)
			r, g, b = color.YCbCrToRGB(p.Y[p.YOffset(x, y)], p.Cb[i], p.Cr[i])
			return r, g, b, 255
		}
	case *image.NRGBA:
		return func(x, y int) (r, g, b, a uint8) {
			pixel := p.Pix[p.PixOffset(x, y):]
			return pixel[0], pixel[1], pixel[2], pixel[3]
		}
	case *image.RGBA:
		return func(x, y int) (r, g, b, a uint8) {
			pixel := p.Pix[p.PixOffset(x, y):]
			if a = pixel[3]; a == 255 {
				return pixel[0], pixel[1], pixel[2], 255
			}
			c := color.NRGBAModel.Convert(color.RGBA{R: pixel[0], G: pixel[1], B: pixel[2], A: a}).(color.NRGBA)
			return c.R, c.G, c.B, c.A
		}
	case *image.Gray:
		return func(x, y int) (r, g, b, a uint8) {
			v := p.Pix[p.PixOffset(x, y)]
			return v, v, v, 255
		}
	}
	return func(x, y int) (r, g, b, a uint8) {
		c := color.NRGBAModel.Convert(photo.At(x, y)).(color.NRGBA)
		return c.R, c.G, c.B, c.A
	}
}
