package mask

import (
	"context"
	"fmt"
	"image"

	"gen3d/internal/job"
)

// Limits of the mask's share of the box: below leastShare no object was found;
// above mostShare the whole box is the object.
const (
	leastShare = 0.02
	mostShare  = 0.97
)

// maxRaster is the longest side in points of masks from alpha channels and
// boxes. It is finer than the mesh.
const maxRaster = 1024

// Segmenter finds the object in a box of a photo.
type Segmenter interface {
	// Segment returns the mask of the object in the box, which lies within the
	// photo. The mask contains nothing outside the box; it is empty if no object
	// was found.
	Segment(ctx context.Context, photo image.Image, box image.Rectangle) (*Mask, error)
}

// Object is one object in the photo, as described by the job's manifest.
type Object struct {
	Index int              // number in the job, from 1, for messages
	Box   *image.Rectangle // drawn by the user, in pixels of the displayed picture; nil for the whole picture
	Given *Mask            // mask of the request, or nil
}

// Finder finds the masks of objects.
type Finder struct {
	// Segmenter segments objects in photos without an alpha channel.
	Segmenter Segmenter
}

// Find returns the object's mask: the given one, or the picture's alpha channel
// if any pixel is not opaque, or the result of the segmenter for the box or the
// whole picture. If no object is found, the error is a [job.Failure] with
// [job.CodeNoObject] and a message for the user; other errors are faults of the
// service.
func (f Finder) Find(ctx context.Context, photo image.Image, object Object) (*Mask, error) {
	whole := photo.Bounds()
	box := whole
	if object.Box != nil {
		box = object.Box.Intersect(whole)
	}
	if box.Empty() {
		return nil, job.Invalid(job.CodeBoxOutside, "Box %d lies outside the picture; draw it over the object.", object.Index)
	}
	if object.Given != nil {
		if err := object.Given.Validate(); err != nil {
			return nil, fmt.Errorf("using the mask of object %d: %w", object.Index, err)
		}
		if object.Given.Count() == 0 {
			return nil, job.Invalid(job.CodeNoObject, "The mask of object %d is empty; paint the object in it.", object.Index)
		}
		return object.Given, nil
	}
	if hasAlpha(photo, box) {
		alpha := fromAlpha(photo, box)
		if alpha.Count() == 0 {
			return nil, job.Invalid(job.CodeNoObject, "%s only transparent pixels; use a picture in which the object shows.", has(object))
		}
		return alpha, nil
	}
	found, err := f.Segmenter.Segment(ctx, photo, box)
	if err != nil {
		return nil, fmt.Errorf("finding object %d in its box: %w", object.Index, err)
	}
	// The segmenter's raster may extend beyond the box, where it is empty; share
	// is relative to the box.
	share := found.Share() * area(found.Rect) / area(box)
	switch {
	case share < leastShare:
		if object.Box == nil {
			return nil, job.Invalid(job.CodeNoObject, "No object stands out in the picture; draw a box closely around it.")
		}
		return nil, job.Invalid(job.CodeNoObject, "No object stands out in box %d; draw the box closer around it.", object.Index)
	case share > mostShare:
		return Full(box), nil
	}
	return found, nil
}

// has returns the beginning of a sentence about the content of the object's box
// or of the picture.
func has(object Object) string {
	if object.Box == nil {
		return "The picture has"
	}
	return fmt.Sprintf("Box %d has", object.Index)
}

// area returns the area of a rectangle in pixels.
func area(r image.Rectangle) float64 {
	return float64(r.Dx()) * float64(r.Dy())
}

// hasAlpha reports whether any pixel in r is not opaque. An opaque alpha
// channel has no information about the object.
func hasAlpha(photo image.Image, r image.Rectangle) bool {
	switch p := photo.(type) {
	case *image.YCbCr, *image.Gray, *image.Gray16, *image.CMYK:
		return false
	case *image.NRGBA:
		return !p.SubImage(r).(*image.NRGBA).Opaque()
	case *image.RGBA:
		return !p.SubImage(r).(*image.RGBA).Opaque()
	case interface{ Opaque() bool }:
		if p.Opaque() {
			return false
		}
	}
	at := pixels(photo)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if _, _, _, a := at(x, y); a != 255 {
				return true
			}
		}
	}
	return false
}

// fromAlpha returns the alpha channel of a part of the photo as a mask. An
// object too thin to cover half of any raster point is widened to one.
func fromAlpha(photo image.Image, r image.Rectangle) *Mask {
	width, height := fit(r, maxRaster)
	m := New(r, width, height)
	most := make([]uint8, len(m.Cover))
	at := pixels(photo)
	for y := range height {
		y0, y1 := span(r.Min.Y, r.Dy(), y, height)
		for x := range width {
			x0, x1 := span(r.Min.X, r.Dx(), x, width)
			sum := 0
			for sy := y0; sy < y1; sy++ {
				for sx := x0; sx < x1; sx++ {
					_, _, _, a := at(sx, sy)
					sum += int(a)
					most[y*width+x] = max(most[y*width+x], a)
				}
			}
			m.Cover[y*width+x] = uint8(sum / ((y1 - y0) * (x1 - x0)))
		}
	}
	if m.Count() == 0 {
		m.Cover = most
	}
	return m
}
