// Package mask determines which part of a photo is the object. [Finder.Find]
// uses the first available source: a mask in the request, a [Segmenter] applied
// to the points and the box, the picture's alpha channel, or the segmenter
// applied to the whole picture. [ColorModel] is a segmenter without model
// weights, which separates the object from its surroundings by color.
//
// The page has a port of the color model for objects with a box,
// webapp/src/masks/color, which has to find the same masks: a test writes
// testdata/masks/color-model.json, which both are tested with.
package mask

import (
	"errors"
	"image"
)

// Inside is the minimum coverage of a point that belongs to the object.
const Inside = 128

// Mask is a raster of the object's coverage of a rectangle of the photo. Its
// resolution is independent of the photo's.
type Mask struct {
	// Rect is the part of the photo that the mask covers, in pixels of the
	// displayed picture. Nothing outside it belongs to the object.
	Rect image.Rectangle
	// Width and Height are the size of the raster over Rect.
	Width, Height int
	// Cover is the raster in row-major order: 0 outside the object, 255 inside,
	// and values between along the outline. A point belongs to the object if its
	// value is at least [Inside].
	Cover []uint8
}

// New returns an empty mask over a part of the photo.
func New(rect image.Rectangle, width, height int) *Mask {
	return &Mask{Rect: rect, Width: width, Height: height, Cover: make([]uint8, width*height)}
}

// fullRaster is the longest side in points of the raster of a full mask. The
// corners are as sharp as the mesh can show.
const fullRaster = 1024

// Full returns a mask in which the whole rectangle belongs to the object.
func Full(rect image.Rectangle) *Mask {
	width, height := fit(rect, fullRaster)
	m := New(rect, width, height)
	for i := range m.Cover {
		m.Cover[i] = 255
	}
	return m
}

// Validate returns an error if the mask is inconsistent.
func (m *Mask) Validate() error {
	switch {
	case m.Rect.Empty() || m.Width < 1 || m.Height < 1:
		return errors.New("the mask covers no part of the photo")
	case len(m.Cover) != m.Width*m.Height:
		return errors.New("the mask's raster does not have its size")
	}
	return nil
}

// Count returns the number of points that belong to the object.
func (m *Mask) Count() int {
	n := 0
	for _, c := range m.Cover {
		if c >= Inside {
			n++
		}
	}
	return n
}

// Share returns the share of the rectangle that belongs to the object, 0 to 1.
func (m *Mask) Share() float64 {
	return float64(m.Count()) / float64(len(m.Cover))
}

// shareOf returns the share of a rectangle of the photo that the object covers,
// 0 to 1. What of the object is outside the rectangle counts too.
func (m *Mask) shareOf(r image.Rectangle) float64 {
	return min(1, m.Share()*area(m.Rect)/area(r))
}

// Raster returns the mask at the size of the displayed picture, one byte a
// pixel: 255 in the object, 0 elsewhere. If the mask's raster is smaller than its
// rectangle, its values are interpolated bilinearly before they are compared with
// [Inside]; one of the rectangle's size is used as it is.
func (m *Mask) Raster(size image.Point) []byte {
	out := make([]byte, size.X*size.Y)
	at := m.Rect.Intersect(image.Rectangle{Max: size})
	across := make([]tap, at.Dx())
	for i := range across {
		across[i] = interpolate(at.Min.X-m.Rect.Min.X+i, m.Rect.Dx(), m.Width)
	}
	for y := at.Min.Y; y < at.Max.Y; y++ {
		down := interpolate(y-m.Rect.Min.Y, m.Rect.Dy(), m.Height)
		upper, lower := m.Cover[down.first*m.Width:], m.Cover[down.second*m.Width:]
		row := out[y*size.X+at.Min.X:]
		for i, t := range across {
			top := float32(upper[t.first])*(1-t.weight) + float32(upper[t.second])*t.weight
			bottom := float32(lower[t.first])*(1-t.weight) + float32(lower[t.second])*t.weight
			if top*(1-down.weight)+bottom*down.weight >= Inside {
				row[i] = 255
			}
		}
	}
	return out
}

// tap is a position between two points of a raster: the weight is that of the
// second.
type tap struct {
	first, second int
	weight        float32
}

// interpolate returns where the center of pixel i of length pixels lies in a
// raster of n points over the same length.
func interpolate(i, length, n int) tap {
	at := (float64(i)+0.5)*float64(n)/float64(length) - 0.5
	at = min(max(at, 0), float64(n-1))
	first := int(at)
	return tap{first, min(first+1, n-1), float32(at - float64(first))}
}

// fit returns the size of a raster over r whose longest side is at most
// longest, and not finer than the photo's pixels.
func fit(r image.Rectangle, longest int) (width, height int) {
	width, height = r.Dx(), r.Dy()
	if side := max(width, height); side > longest {
		width = max(1, (width*longest+side/2)/side)
		height = max(1, (height*longest+side/2)/side)
	}
	return width, height
}
