package server

import (
	"context"
	"errors"
	"image"

	"gen3d/internal/job"
	"gen3d/model-image/server/mask"
)

// Backend reconstructs meshes. The server calls Setup once and Reconstruct for
// one object at a time, each in a separate goroutine. The next call begins when
// one returns, or before, when it calls [Input.Next].
type Backend interface {
	// Name returns the backend's name, which every result includes.
	Name() job.Backend
	// Setup loads what Reconstruct needs. Every ping reports its error to the
	// operator, so the error must say what to do.
	Setup(ctx context.Context) error
	// Reconstruct returns the files of one object. It must return soon after ctx
	// ends. An error that wraps a [*job.Failure] is shown to the user unchanged;
	// one that wraps [ErrOutOfMemory], [ErrExport] or the error of ctx is reported
	// with the code for it; any other counts as a fault of the backend.
	Reconstruct(ctx context.Context, in Input) (*Output, error)
}

// HealthReporter is a [Backend] that can become unavailable after its set-up
// and recovers without help.
type HealthReporter interface {
	// Healthy returns nil, or an error that says why no object can be processed
	// now. It does not block. Every ping reports its error to the operator.
	Healthy() error
}

// ErrOutOfMemory is the error of an object that does not fit into memory.
var ErrOutOfMemory = errors.New("out of memory")

// ErrExport is the error of an object that was reconstructed, but whose files
// could not be written.
var ErrExport = errors.New("the files were not written")

// Input describes one object to reconstruct.
type Input struct {
	// Photo is the whole picture as displayed, with its origin at 0,0. It is
	// shared with other objects: backends must not modify it.
	Photo *image.NRGBA
	// PhotoID identifies the photo's content, or is empty. Objects with the same
	// PhotoID have the same Photo. It says nothing about the user or the photo.
	PhotoID string
	// Object has the object's number, label, box and points, which lie within the
	// photo.
	Object job.Object
	// Mask is the object's mask if the user gave one, which the backend uses
	// unchanged. If nil, the backend derives a mask: from the points and the box, or
	// the box; from the photo's alpha channel; from the whole picture.
	Mask *mask.Mask
	// Seed seeds the backend's random number generator.
	Seed uint32
	// Formats are the file formats to produce in addition to those of [job.Always].
	Formats []job.Format
	// Quality of the object.
	Quality job.Quality
	// Faces is the target for the triangles of the textured mesh, or 0 for that of
	// the quality.
	Faces int
	// Stage must be called when a stage begins: [job.StageReconstruct] and
	// [job.StageExport]. An object enters the backend in [job.StageMask]. The
	// result reports the time between calls as the duration of the stage. Stage
	// does not block.
	Stage func(job.Stage)
	// Next may be called when the backend can take the next object, although the
	// files of this one are not complete. The time until then is the object's cost.
	// Next does not block.
	Next func()
}

// Output is one reconstructed object.
type Output struct {
	// Files has the content of each file: the input's formats and [job.Always].
	Files map[job.Format][]byte
	// Mesh describes the mesh in the files.
	Mesh job.MeshStats
	// Mask describes the mask in the file of [job.FormatMask].
	Mask *job.MaskUse
	// Pose is the object's pose in the scene of the photo; nil if the backend does
	// not estimate it.
	Pose *job.Pose
}

// Backends returns the backends of this package by name. The main package adds
// SAM 3D Objects, whose package imports this one.
func Backends() map[job.Backend]Backend {
	return map[job.Backend]Backend{job.BackendRelief: NewRelief()}
}
