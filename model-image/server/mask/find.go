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

// Prompt is what marks an object in a photo.
type Prompt struct {
	// Box contains the object, in pixels of the displayed picture. It lies within
	// the photo, and is all of it if the user drew none.
	Box image.Rectangle
	// Boxed reports whether the user drew Box.
	Boxed bool
	// Points are pixels of the photo inside and outside the object. One inside may
	// lie outside Box.
	Points []job.Point
}

// Segmenter finds the object that a prompt marks.
type Segmenter interface {
	// Segment returns the object's mask. It contains no transparent pixel, and
	// nothing outside the box, except around points inside the object; it is empty
	// if no object was found.
	Segment(ctx context.Context, photo image.Image, prompt Prompt) (*Mask, error)
}

// Object is one object in the photo, as described by the job's manifest.
type Object struct {
	Index  int              // number in the job, from 1, for messages
	Box    *image.Rectangle // drawn by the user, in pixels of the displayed picture; nil for the whole picture
	Points []job.Point      // set by the user
	Given  *Mask            // mask of the request, or nil
}

// Finder finds the masks of objects.
type Finder struct {
	// Segmenter segments objects that the user has marked, and those in whole
	// photos without an alpha channel.
	Segmenter Segmenter
}

// Find returns the object's mask and what is known of it. The mask is the first
// that there is: the given one; what the segmenter finds from the points and the
// box, or from the box; the alpha channel if any pixel is not opaque; what the
// segmenter finds in the whole picture. Transparent pixels belong to no object
// but a given mask. If no object is found, the error is a [job.Failure] with
// [job.CodeNoObject] and a message for the user; other errors are faults of the
// service.
func (f Finder) Find(ctx context.Context, photo image.Image, object Object) (*Mask, job.MaskUse, error) {
	m, source, err := f.find(ctx, photo, object)
	if err != nil {
		return nil, job.MaskUse{}, err
	}
	return m, job.MaskUse{Source: source, Share: m.shareOf(object.region(photo))}, nil
}

// region returns the object's box, or the whole picture.
func (o Object) region(photo image.Image) image.Rectangle {
	if o.Box == nil {
		return photo.Bounds()
	}
	return o.Box.Intersect(photo.Bounds())
}

func (f Finder) find(ctx context.Context, photo image.Image, object Object) (*Mask, job.MaskSource, error) {
	box := object.region(photo)
	if box.Empty() {
		return nil, "", job.Invalid(job.CodeBoxOutside, "Box %d lies outside the photo; draw it over the object.", object.Index)
	}
	if object.Given != nil {
		if err := object.Given.Validate(); err != nil {
			return nil, "", fmt.Errorf("using the mask of object %d: %w", object.Index, err)
		}
		if object.Given.Count() == 0 {
			return nil, "", job.Invalid(job.CodeNoObject, "The mask of object %d is empty; paint the object in it.", object.Index)
		}
		return object.Given, job.MaskGiven, nil
	}
	var alpha *Mask
	if hasAlpha(photo, box) {
		if alpha = fromAlpha(photo, box); alpha.Count() == 0 {
			return nil, "", job.Invalid(job.CodeNoObject, "%s only transparent pixels; use a picture in which the object shows.", has(object))
		}
		if object.Box == nil && len(object.Points) == 0 {
			return alpha, job.MaskAlpha, nil
		}
	}
	found, err := f.Segmenter.Segment(ctx, photo, Prompt{Box: box, Boxed: object.Box != nil, Points: object.Points})
	if err != nil {
		return nil, "", fmt.Errorf("finding object %d: %w", object.Index, err)
	}
	share := found.shareOf(box)
	switch {
	case len(object.Points) > 0:
		if found.Count() == 0 {
			return nil, "", job.Invalid(job.CodeNoObject, "No object stands out at the points of object %d; set a point in its middle.", object.Index)
		}
		return found, job.MaskPoints, nil
	case share < leastShare && alpha != nil:
		return alpha, job.MaskAlpha, nil
	case share < leastShare && object.Box == nil:
		return nil, "", job.Invalid(job.CodeNoObject, "No object stands out in the photo; draw a box closely around it.")
	case share < leastShare:
		return nil, "", job.Invalid(job.CodeNoObject, "No object stands out in box %d; draw the box closer around it.", object.Index)
	case share > mostShare && alpha == nil && object.Box == nil:
		return Full(box), job.MaskWhole, nil
	case share > mostShare && alpha == nil:
		return Full(box), job.MaskSegmenter, nil
	}
	return found, job.MaskSegmenter, nil
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

// fromAlpha returns the alpha channel of a part of the photo as a mask of its
// size.
func fromAlpha(photo image.Image, r image.Rectangle) *Mask {
	m := New(r, r.Dx(), r.Dy())
	at := pixels(photo)
	for y := range m.Height {
		for x := range m.Width {
			_, _, _, m.Cover[y*m.Width+x] = at(r.Min.X+x, r.Min.Y+y)
		}
	}
	return m
}
