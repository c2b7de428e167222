// Package mask says which part of a photo is the object. [Maker.Make] takes the first that there is: a mask that came
// with the request, the picture's alpha channel, what a [Segmenter] finds in the object's box, what it finds in the whole
// picture. [ColorModel] is the segmenter that needs no model weights: it tells the object from its surroundings by color.
package mask

import (
	"errors"
	"image"
)

// Inside is the least coverage of a pixel that belongs to the object.
const Inside = 128

// Mask is the object's coverage of a rectangle of the photo, at a resolution of its own.
type Mask struct {
	// Rect is the part of the photo that the mask tells of, in pixels of the picture as shown. Nothing outside it belongs
	// to the object.
	Rect image.Rectangle
	// Width and Height are the size of the raster that is laid over Rect.
	Width, Height int
	// Cover is the raster, row by row: 0 where nothing of the object is, 255 where nothing else is. Values
	// between tell where the outline passes between the points; at [Inside] and above, a point belongs to the object.
	Cover []uint8
}

// New makes an empty mask over a part of the photo.
func New(rect image.Rectangle, width, height int) *Mask {
	return &Mask{Rect: rect, Width: width, Height: height, Cover: make([]uint8, width*height)}
}

// Full is a mask that all of a rectangle belongs to.
func Full(rect image.Rectangle) *Mask {
	width, height := fit(rect, maxRaster)
	m := New(rect, width, height)
	for i := range m.Cover {
		m.Cover[i] = 255
	}
	return m
}

// Validate says what makes a mask from elsewhere unfit for use.
func (m *Mask) Validate() error {
	switch {
	case m.Rect.Empty() || m.Width < 1 || m.Height < 1:
		return errors.New("the mask covers no part of the photo")
	case len(m.Cover) != m.Width*m.Height:
		return errors.New("the mask's raster does not have its size")
	}
	return nil
}

// Count is the number of raster points that belong to the object.
func (m *Mask) Count() int {
	n := 0
	for _, c := range m.Cover {
		if c >= Inside {
			n++
		}
	}
	return n
}

// Share is how much of the rectangle belongs to the object, 0 to 1.
func (m *Mask) Share() float64 {
	return float64(m.Count()) / float64(len(m.Cover))
}

// fit is the size of a raster over r whose longest side is at most longest, no finer than the photo's pixels.
func fit(r image.Rectangle, longest int) (width, height int) {
	width, height = r.Dx(), r.Dy()
	if side := max(width, height); side > longest {
		width = max(1, (width*longest+side/2)/side)
		height = max(1, (height*longest+side/2)/side)
	}
	return width, height
}
