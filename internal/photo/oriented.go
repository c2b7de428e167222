package photo

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// bandRows is how many rows are converted at a time: few enough to stay in the
// cache while they are rotated, enough that a rotated row gets several
// neighboring pixels.
const bandRows = 32

// shown converts the stored picture to NRGBA and applies its orientation, by
// bands of rows on all processors, until ctx ends. A panic of one of these
// reaches the caller, who may recover: the pictures are untrusted input.
func shown(ctx context.Context, stored image.Image, orientation int) (*Picture, error) {
	bounds := stored.Bounds()
	width, height := bounds.Dx(), bounds.Dy()
	size := image.Rect(0, 0, width, height)
	if orientation >= 5 && orientation <= 8 {
		size = image.Rect(0, 0, height, width)
	}
	out := image.NewNRGBA(size)
	bands := (height + bandRows - 1) / bandRows
	var next, translucent atomic.Int64
	var done sync.WaitGroup
	crashes := make(chan any, bands)
	for range min(runtime.GOMAXPROCS(0), bands) {
		done.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					crashes <- fmt.Sprintf("%v\n%s", p, debug.Stack())
				}
			}()
			band := image.NewNRGBA(image.Rect(0, 0, width, min(bandRows, height)))
			for {
				y := (int(next.Add(1)) - 1) * bandRows
				if y >= height || ctx.Err() != nil {
					return
				}
				rows := min(bandRows, height-y)
				target := band.SubImage(image.Rect(0, 0, width, rows)).(*image.NRGBA)
				if orientation <= 1 || orientation > 8 {
					target = out.SubImage(image.Rect(0, y, width, y+rows)).(*image.NRGBA)
				}
				if convert(target.Pix, stored, y, rows) {
					translucent.Store(1)
				}
				turn(out, target.Pix, orientation, width, height, y, rows)
			}
		})
	}
	done.Wait()
	select {
	case crash := <-crashes:
		panic(crash)
	default:
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return &Picture{Image: out, Alpha: translucent.Load() == 1}, nil
}

// convert writes rows of the stored picture, starting at row y, to pix as
// NRGBA, and reports whether any pixel is not opaque.
func convert(pix []byte, stored image.Image, y, rows int) (translucent bool) {
	bounds := stored.Bounds()
	width := bounds.Dx()
	// An opaque pixel has the same bytes in NRGBA and RGBA, and package draw is
	// fast at drawing onto RGBA.
	opaque := &image.RGBA{Pix: pix, Stride: 4 * width, Rect: image.Rect(0, 0, width, rows)}
	from := image.Pt(bounds.Min.X, bounds.Min.Y+y)
	switch src := stored.(type) {
	case *image.NRGBA:
		for row := range rows {
			copy(pix[row*4*width:(row+1)*4*width], src.Pix[src.PixOffset(from.X, from.Y+row):])
		}
		return hasAlpha(pix[:rows*4*width])
	case *image.NYCbCrA:
		draw.Draw(opaque, opaque.Rect, &src.YCbCr, from, draw.Src)
		for row := range rows {
			alpha := src.A[src.AOffset(from.X, from.Y+row):]
			line := pix[row*4*width:]
			for x := range width {
				line[4*x+3] = alpha[x]
			}
		}
		return hasAlpha(pix[:rows*4*width])
	case *image.Paletted:
		var palette [256][4]byte
		for i, c := range src.Palette {
			n := color.NRGBAModel.Convert(c).(color.NRGBA)
			palette[i] = [4]byte{n.R, n.G, n.B, n.A}
		}
		for row := range rows {
			line := pix[row*4*width:]
			for x, index := range src.Pix[src.PixOffset(from.X, from.Y+row):][:width] {
				copy(line[4*x:4*x+4], palette[index][:])
			}
		}
		return hasAlpha(pix[:rows*4*width])
	case *image.NRGBA64:
		for row := range rows {
			narrow(pix[row*4*width:(row+1)*4*width], src.Pix[src.PixOffset(from.X, from.Y+row):])
		}
		return hasAlpha(pix[:rows*4*width])
	case *image.RGBA64: // opaque: package png returns it for 16 bits per color without alpha
		for row := range rows {
			narrow(pix[row*4*width:(row+1)*4*width], src.Pix[src.PixOffset(from.X, from.Y+row):])
		}
		return false
	case *image.Gray16:
		for row := range rows {
			line := pix[row*4*width:]
			gray := src.Pix[src.PixOffset(from.X, from.Y+row):]
			for x := range width {
				g := gray[2*x]
				line[4*x], line[4*x+1], line[4*x+2], line[4*x+3] = g, g, g, 0xFF
			}
		}
		return false
	case *image.YCbCr, *image.Gray, *image.CMYK, *image.RGBA: // from JPEG and opaque PNG and WebP
		draw.Draw(opaque, opaque.Rect, src, from, draw.Src)
		return false
	}
	plain := &image.NRGBA{Pix: pix, Stride: 4 * width, Rect: opaque.Rect}
	draw.Draw(plain, plain.Rect, stored, from, draw.Src)
	return hasAlpha(pix[:rows*4*width])
}

// narrow copies the high byte of every 16-bit number.
func narrow(dst, src []byte) {
	for i := range dst {
		dst[i] = src[2*i]
	}
}

func hasAlpha(pix []byte) bool {
	all := byte(0xFF)
	for i := 3; i < len(pix); i += 4 {
		all &= pix[i]
	}
	return all != 0xFF
}

// turn writes the band of rows that begins at row y of a stored picture of
// width × height pixels to its position in out. The orientations are EXIF's:
// row 0 and column 0 of the stored picture are, as shown,
//
//	1 top, left     2 top, right    3 bottom, right   4 bottom, left
//	5 left, top     6 right, top    7 right, bottom   8 left, bottom
func turn(out *image.NRGBA, band []byte, orientation, width, height, y, rows int) {
	switch orientation {
	case 2, 3:
		for row := range rows {
			target := y + row
			if orientation == 3 {
				target = height - 1 - target
			}
			line, dst := band[row*4*width:(row+1)*4*width], out.Pix[target*out.Stride:(target+1)*out.Stride]
			for x := 0; x < 4*width; x += 4 {
				copyPixel(dst[4*width-4-x:], line[x:])
			}
		}
	case 4:
		for row := range rows {
			target := height - 1 - y - row
			copy(out.Pix[target*out.Stride:], band[row*4*width:(row+1)*4*width])
		}
	case 5, 6, 7, 8:
		for x := range width {
			target := x // the row that column x becomes
			if orientation >= 7 {
				target = width - 1 - x
			}
			dst := out.Pix[target*out.Stride : (target+1)*out.Stride]
			at, step := 4*y, 4 // position of row y in the column, and the step to the next
			if orientation == 6 || orientation == 7 {
				at, step = 4*(height-1-y), -4
			}
			for pixel := 4 * x; pixel < 4*width*rows; pixel += 4 * width {
				copyPixel(dst[at:at+4], band[pixel:pixel+4])
				at += step
			}
		}
	}
}

func copyPixel(dst, src []byte) {
	binary.LittleEndian.PutUint32(dst, binary.LittleEndian.Uint32(src))
}
