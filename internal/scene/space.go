package scene

import (
	"fmt"
	"math"

	"gen3d/internal/job"
)

// quaternion is a rotation: w, x, y, z.
type quaternion [4]float64

// halfTurn is half a turn around Y, from PyTorch3D's camera space to glTF's, and
// back.
var halfTurn = quaternion{0, 0, 1, 0}

// times returns the product: rotation b, then a.
func (a quaternion) times(b quaternion) quaternion {
	return quaternion{
		a[0]*b[0] - a[1]*b[1] - a[2]*b[2] - a[3]*b[3],
		a[0]*b[1] + a[1]*b[0] + a[2]*b[3] - a[3]*b[2],
		a[0]*b[2] - a[1]*b[3] + a[2]*b[0] + a[3]*b[1],
		a[0]*b[3] + a[1]*b[2] - a[2]*b[1] + a[3]*b[0],
	}
}

// unit returns the quaternion of length 1, with w at least 0.
func (a quaternion) unit() quaternion {
	length := math.Sqrt(a[0]*a[0] + a[1]*a[1] + a[2]*a[2] + a[3]*a[3])
	if a[0] < 0 {
		length = -length
	}
	for i := range a {
		a[i] /= length
		if a[i] == 0 {
			a[i] = 0 // not -0
		}
	}
	return a
}

// matrix returns the rotation's matrix, for column vectors.
func (a quaternion) matrix() [3][3]float64 {
	w, x, y, z := a[0], a[1], a[2], a[3]
	return [3][3]float64{
		{1 - 2*(y*y+z*z), 2 * (x*y - w*z), 2 * (x*z + w*y)},
		{2 * (x*y + w*z), 1 - 2*(x*x+z*z), 2 * (y*z - w*x)},
		{2 * (x*z - w*y), 2 * (y*z + w*x), 1 - 2*(x*x+y*y)},
	}
}

// place is an object's transform in the scene: scale, then rotate, then
// translate.
type place struct {
	rotation    quaternion
	translation [3]float64
	scale       [3]float64
}

// placeOf returns the place that a pose means. It fails for a pose that is not
// [Placed].
func placeOf(p job.Pose) (place, error) {
	if !Placed(&p) {
		return place{}, fmt.Errorf("its pose %v, %v, %v places it nowhere", p.Rotation, p.Translation, p.Scale)
	}
	return place{
		rotation:    halfTurn.times(quaternion(p.Rotation).unit()).unit(),
		translation: [3]float64{0 - p.Translation[0], p.Translation[1], 0 - p.Translation[2]},
		scale:       p.Scale,
	}, nil
}

// farthest returns the distance from the camera, along its direction, behind
// which there is nothing of objects whose files are centered on the origin with
// a longest side of 1.
func farthest(places []place) float64 {
	far := 0.0
	for _, p := range places {
		far = max(far, -p.translation[2]+max(p.scale[0], p.scale[1], p.scale[2]))
	}
	return far
}
