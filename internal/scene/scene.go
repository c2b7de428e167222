package scene

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"

	"gen3d/internal/job"
)

// Scene is a photo's objects.
type Scene struct {
	// Backend made the objects. The files name it.
	Backend job.Backend
	// Width and Height are those of the photo, in pixels; 0 if unknown, in
	// which case the scene has no camera.
	Width, Height int
	Objects       []Object
}

// Object is an object of a scene.
type Object struct {
	Number int
	Label  string // can be empty
	Pose   job.Pose
	// File is the object's file in the format of the scene's file.
	File Source
}

// Source is a stored file.
type Source interface {
	// Size is the file's size in bytes.
	Size() int64
	// Open opens count bytes at an offset, all within the file, for reading.
	// The caller closes it.
	Open(ctx context.Context, offset, count int64) (io.ReadCloser, error)
}

// names returns the name of each object: its label, or "object n". Objects with
// the same name, or the camera's, get their number appended, so that all names
// differ.
func (s *Scene) names() []string {
	wanted := make([]string, len(s.Objects))
	count := map[string]int{cameraName: 1}
	for i, o := range s.Objects {
		if wanted[i] = o.Label; wanted[i] == "" {
			wanted[i] = "object " + strconv.Itoa(o.Number)
		}
		count[wanted[i]]++
	}
	names := make([]string, len(s.Objects))
	for i, o := range s.Objects {
		names[i] = wanted[i]
		if count[wanted[i]] == 1 {
			continue
		}
		for ok := false; !ok; ok = count[names[i]] == 0 {
			names[i] += " " + strconv.Itoa(o.Number)
		}
		count[names[i]]++
	}
	return names
}

// wrap adds the object to an error.
func (o Object) wrap(err error) error {
	return fmt.Errorf("object %d: %w", o.Number, err)
}

// Placed reports whether a pose places an object: its numbers are finite, its
// scale is positive, and its rotation has a direction.
func Placed(p *job.Pose) bool {
	if p == nil {
		return false
	}
	length := 0.0
	for _, v := range p.Rotation {
		length += v * v
	}
	sum := length
	for k := range 3 {
		if p.Scale[k] <= 0 {
			return false
		}
		sum += math.Abs(p.Translation[k]) + p.Scale[k]
	}
	// A sum that is not a number fails all comparisons.
	return length > 1e-12 && sum < math.MaxFloat32
}
