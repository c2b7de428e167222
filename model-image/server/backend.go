package server

import (
	"context"
	"errors"
	"image"

	"gen3d/internal/job"
	"gen3d/model-image/server/mask"
)

// Backend makes meshes. The server calls Setup once and Reconstruct for one
// object at a time, each from a goroutine of its own.
type Backend interface {
	// Name stands in every result.
	Name() job.Backend
	// Setup loads what Reconstruct needs. Its error is told to the operator on
	// every ping, so it says what to do.
	Setup(ctx context.Context) error
	// Reconstruct makes one object. It stops soon after ctx ends. An error that
	// wraps a [*job.Failure] is told to the user in its own words; one that wraps
	// [ErrOutOfMemory] or ctx's has its own code; all others are the backend's.
	Reconstruct(ctx context.Context, in Input) (*Output, error)
}

// HealthReporter is a [Backend] that can be out of order for a while after its
// set-up, and mends itself.
type HealthReporter interface {
	// Healthy tells why no object can be made right now, or nil. It answers at
	// once; the operator reads its error on every ping.
	Healthy() error
}

// ErrOutOfMemory marks an object that did not fit into the memory.
var ErrOutOfMemory = errors.New("out of memory")

// Input is one object to make.
type Input struct {
	// Photo is the whole picture as shown, beginning at 0,0. It is shared with
	// other objects: backends only read it.
	Photo *image.NRGBA
	// Object is its number, label and box; a box lies within the photo.
	Object job.Object
	// Mask of the object where the request brought one. Without it the backend
	// makes its own of the photo's alpha channel, the box or the whole picture.
	Mask *mask.Mask
	// Seed of the backend's random numbers.
	Seed uint32
	// Formats to make beside the preview.
	Formats []job.Format
	// Stage is to be called when a stage begins: [job.StageReconstruct] and
	// [job.StageExport]; an object comes to the backend in [job.StageMask]. The
	// time between the calls is the stage's in the result. It returns at once.
	Stage func(job.Stage)
}

// Output is one object made.
type Output struct {
	// Files by format: the input's formats and the preview.
	Files map[job.Format][]byte
	// Mesh describes the mesh in the files.
	Mesh job.MeshStats
	// Pose places it in the photo's scene; nil where the backend knows none.
	Pose *job.Pose
}

// Backends are those that this package has, by name. The container's program
// adds SAM 3D Objects, whose package imports this one.
func Backends() map[job.Backend]Backend {
	return map[job.Backend]Backend{job.BackendRelief: NewRelief()}
}
