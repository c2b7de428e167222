// Package mask determines which part of a photo is the object. [Finder.Find]
// uses the first available source: a mask in the request, the picture's alpha
// channel, or a [Segmenter] applied to the object's box or to the whole
// picture. [ColorModel] is a segmenter without model weights, which separates
// the object from its surroundings by color.
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

// Full returns a mask in which the whole rectangle belongs to the object.
func Full(rect image.Rectangle) *Mask {
	width, height := fit(rect, maxRaster)
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
