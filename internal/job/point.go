package job

import "slices"

// MaxPoints is the maximum number of points of an object.
const MaxPoints = 16

// Point is a pixel that the user has marked as a part of an object or as
// outside it. X and Y are in whole pixels of the image as displayed, from 0.
type Point struct {
	X      int  `json:"x"`
	Y      int  `json:"y"`
	Inside bool `json:"inside"`
}

// checkPoints checks the points of object n. If the image's width and height
// are 0, they are not known yet.
func checkPoints(n int, s Selection, width, height int) error {
	if len(s.Points) > MaxPoints {
		return Invalid(CodeTooManyPoints, "Object %d has %d points; the limit is %d. Delete some and try again.", n, len(s.Points), MaxPoints)
	}
	if err := checkPlaces(n, s.Points, width, height); err != nil {
		return err
	}
	inside := slices.ContainsFunc(s.Points, func(p Point) bool { return p.Inside })
	if len(s.Points) > 0 && !inside && s.Box == nil && !s.Mask {
		return Invalid(CodeNoPointInside, "Object %d has only points outside it; add one inside, or a box.", n)
	}
	return nil
}

func checkPlaces(n int, points []Point, width, height int) error {
	for i, p := range points {
		switch {
		case p.X < 0 || p.Y < 0:
			return Invalid(CodePointOutside, "Point %d of object %d (%d,%d) is beyond the photo's left or upper edge; move it inside.", i+1, n, p.X, p.Y)
		case width > 0 && (p.X >= width || p.Y >= height):
			return Invalid(CodePointOutside, "Point %d of object %d (%d,%d) is outside the photo of %d × %d pixels; move it inside.", i+1, n, p.X, p.Y, width, height)
		case p.X > maxCoordinate || p.Y > maxCoordinate:
			return Invalid(CodePointOutside, "Point %d of object %d (%d,%d) is outside every photo that can be used; move it inside.", i+1, n, p.X, p.Y)
		}
	}
	return nil
}
