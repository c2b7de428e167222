package job

// MaxPoints is the maximum number of points of an object.
const MaxPoints = 16

// Point is a pixel that the user has marked as a part of an object or as
// outside it. X and Y are in whole pixels of the image as displayed, from 0.
type Point struct {
	X      int  `json:"x"`
	Y      int  `json:"y"`
	Inside bool `json:"inside"`
}
